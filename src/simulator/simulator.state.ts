import { CallbackSender } from './callback.sender.js';
import type { CallRecord } from './call.record.js';
import { FaultyResponder } from './fault.answer.js';
import { FaultRules } from './fault.rules.js';
import { Ledger } from './ledger.js';
import type { MessageRecord } from './message.record.js';
import { OptOuts } from './opt-outs.js';
import { RequestJournal } from './request.journal.js';
import type { SimulatorOptions } from './simulator.options.js';
import { StatusPage } from './status-page.js';
import { StatusRunner } from './status.runner.js';
import { HeldRequests } from './twilio-answer.js';

/** The state and services of a running simulator, shared by its routes. */
export class SimulatorState {
  readonly messages: Ledger<MessageRecord>;
  readonly calls: Ledger<CallRecord>;
  readonly journal: RequestJournal;
  readonly callbacks: CallbackSender;
  readonly statuses: StatusRunner;
  readonly faults = new FaultRules();
  readonly optOuts = new OptOuts();
  readonly statusPage = new StatusPage();
  readonly held = new HeldRequests();
  readonly responder = new FaultyResponder(this.held);

  constructor(readonly options: SimulatorOptions) {
    this.messages = new Ledger(options.keepMessages);
    this.calls = new Ledger(options.keepMessages);
    this.journal = new RequestJournal(options.keepRequests);
    this.callbacks = new CallbackSender(options.authToken, options.callbackRetryMs);
    this.statuses = new StatusRunner(this.callbacks, options.stepMs);
  }

  /** Restores the state at the start. */
  reset(): void {
    this.statuses.clear();
    this.callbacks.clear();
    this.messages.clear();
    this.calls.clear();
    this.journal.clear();
    this.faults.clear();
    this.optOuts.clear();
    this.statusPage.reset();
  }

  async close(): Promise<void> {
    this.statuses.clear();
    this.responder.stop();
    await this.callbacks.close();
  }
}
