import { z } from 'zod';
import { optOutType } from './opt-outs.js';
import { bareNumber, isCallbackUrl, isWhatsApp } from './phone.address.js';
import { placeParameters } from './place.parameters.js';
import { newSid } from './sid.js';
import { segments } from './message.resource.js';
import type { SimulatorState } from './simulator.state.js';

/** A message sent to one of the account's senders, and the webhook to notify. */
export const inboundSchema = z.strictObject({
  from: z.string().min(1),
  to: z.string().min(1),
  body: z.string().max(1600),
  url: z.string().refine(isCallbackUrl, 'an http or https URL without underscores in its host'),
});
export type InboundMessage = z.output<typeof inboundSchema>;

/** The webhook did not answer. */
export class InboundError extends Error {
  override readonly name = 'InboundError';
}

/**
 * Notifies the webhook of an inbound message. From then on, STOP and START also decide whether that recipient gets
 * messages from that sender.
 * @returns the message's sid and the HTTP status of the webhook's answer
 * @throws InboundError if it did not answer
 */
export async function receiveInbound(
  state: SimulatorState,
  inbound: InboundMessage,
): Promise<{ readonly sid: string; readonly status: number }> {
  const type = optOutType(inbound.body);
  state.optOuts.note(inbound.from, inbound.to, type);

  const sid = newSid('SM');
  const parameters: Record<string, string> = {
    MessageSid: sid,
    SmsSid: sid,
    SmsMessageSid: sid,
    SmsStatus: 'received',
    AccountSid: state.options.accountSid,
    From: inbound.from,
    To: inbound.to,
    Body: inbound.body,
    NumMedia: '0',
    NumSegments: String(segments(inbound.body)),
    ApiVersion: '2010-04-01',
  };
  if (isWhatsApp(inbound.from)) {
    parameters['WaId'] = bareNumber(inbound.from).slice(1);
    parameters['ChannelPrefix'] = 'whatsapp';
  } else {
    Object.assign(parameters, placeParameters({ From: inbound.from, To: inbound.to }));
    if (type !== null) parameters['OptOutType'] = type;
  }

  const status = await state.callbacks.deliver({ url: inbound.url, parameters });
  if (status === null) throw new InboundError('The webhook did not answer. Check that its server listens.');
  return { sid, status };
}
