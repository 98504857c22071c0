import { Injectable, type OnModuleDestroy } from '@nestjs/common';

/**
 * Whether this process is on its way out. Set before anything else of a shutdown, so that readiness fails and nobody
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

  /** Where nobody has said so before: the first hook of a shutdown, before anything waits for work in flight. */
  onModuleDestroy(): void {
    this.begin();
  }
}
