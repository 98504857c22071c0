import { Global, Module } from '@nestjs/common';
import { ALERT_CAUSES } from '../incidents/alert.port.js';
import { AlertRegister } from './alert.register.js';
import { RecordedAlertCauses } from './recorded-alert-causes.js';

/**
 * The register of alerts, and what circuits and incidents report to it. Separate from {@link AlertsModule}, which
 * listens to dispatch, which needs the circuits; and global, so that the circuits need not know who hears of them.
 */
@Global()
@Module({
  providers: [AlertRegister, { provide: ALERT_CAUSES, useClass: RecordedAlertCauses }],
  exports: [AlertRegister, ALERT_CAUSES],
})
export class AlertCausesModule {}
