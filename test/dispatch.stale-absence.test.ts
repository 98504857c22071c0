import { expect, it } from 'vitest';
import { type Question, startDoubtfulProvider } from './dispatch.questions.setup.js';
import { handsOn } from './support/operator.js';
import { startTestService } from './support/service.js';

const HELLO = { to: '+15551230001', channels: ['sms'], body: 'Hello' };

it.each(['resource:sms', 'sender:+15005550006'])(
  'is asked again after it waited at the circuit of %s with an answer that said it was not there',
  async (scope) => {
    const provider = await startDoubtfulProvider();
    const { promise: asked, resolve: onAsked } = Promise.withResolvers<Question>();
    provider.onQuestion = onAsked;
    const test = await startTestService({
      TWILIO_BASE_URL: provider.url,
      TWILIO_TIMEOUT_MS: '20000',
      LEASE_MS: '60000',
    });
    const { operator } = handsOn(test);
    const id = await test.api.send(HELLO);
    const question = await asked;
    const circuit = await operator.circuit(scope);
    await test.api.post(`/v1/admin/circuits/${circuit.id}/open`, { note: 'held by hand' });
    question.answer();
    await expect
      .poll(async () => (await test.database.query('SELECT stage, held_by AS "heldBy" FROM outbox')).rows)
      .toEqual([{ stage: 'reconcile', heldBy: circuit.id }]);

    const found = { sid: `SM${'a'.repeat(32)}`, direction: 'outbound-api', body: HELLO.body, status: 'sent' };
    const messages = [{ ...found, to: HELLO.to, from: '+15005550006', date_created: new Date().toUTCString() }];
    provider.onQuestion = (again) => again.answer(200, { messages, next_page_uri: null });
    await operator.close(scope);
    const sent = await test.api.untilStatus(id, 'sent');
    expect(sent.deliveries[0]).toMatchObject({ providerSid: found.sid, attempts: [{ outcome: 'accepted' }] });
    expect(provider.messages).toBe(1);
    const { body } = await test.api.get<{ decisions: { sentence: string }[] }>(`/v1/notifications/${id}/explain`);
    expect(body.decisions.map(({ sentence }) => sentence).join(' ')).not.toContain(
      'sent again, as a possible duplicate',
    );
  },
);
