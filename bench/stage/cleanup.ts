/** What has to be stopped, last started first. */
export class Cleanup {
  private readonly stops: (() => Promise<void>)[] = [];
  private over = false;

  /** @throws when everything is being stopped already; what was to be added is stopped, too */
  add(stop: () => Promise<void>): void {
    if (this.over) {
      stop().catch(() => {});
      throw new Error('everything is being stopped');
    }
    this.stops.push(stop);
  }

  /** One that may be run by itself before, and is run with this one at the latest. */
  nested(): Cleanup {
    const inner = new Cleanup();
    this.add(() => inner.run());
    return inner;
  }

  /** Stops everything, also after one of them would not stop. @throws the first error, when all are done */
  async run(): Promise<void> {
    this.over = true;
    const errors: unknown[] = [];
    for (let stop = this.stops.pop(); stop; stop = this.stops.pop()) {
      await stop().catch((error: unknown) => errors.push(error));
    }
    if (errors.length > 0) throw errors[0];
  }
}
