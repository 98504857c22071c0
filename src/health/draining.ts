import { Injectable, type OnModuleDestroy } from '@nestjs/common';

/**
 * Whether this process is shutting down. Set before any other step of a shutdown, so that readiness fails and nobody
 * begins what another replica can do.
 */
@Injectable()
export class Draining implements OnModuleDestroy {
  private begun = false;

  get active(): boolean {
    return this.begun;
  }

  begin(): void {
    this.begun = true;
  }

  /** For a shutdown that was not announced: this is its first hook, before anything waits for work in flight. */
  onModuleDestroy(): void {
    this.begin();
  }
}
