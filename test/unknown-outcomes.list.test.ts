import { describe, expect, it } from 'vitest';
import { Provider, startTestService, UNDER_WAY } from './support/service.js';

const numberOf = (index: number) => `+1555${String(2_000_000 + index)}`;

describe('a list that cannot be read', () => {
  it('keeps the message back until the question is answered', async () => {
    const service = await startTestService({}, UNDER_WAY);
    const provider = new Provider(service.simulator.url);
    const to = numberOf(2);
    await provider.fail(to, [
      { times: 1, match: { resource: 'messages' }, fault: { kind: 'accepted_then', status: 500 } },
      { times: 3, match: { resource: 'list' }, fault: { kind: 'status', status: 503 } },
    ]);
    const id = await service.api.send({ to, channels: ['sms'], body: 'Hello' });
    const sent = await service.api.untilStatus(id, 'sent', 'failed');
    expect(sent.status).toBe('sent');
    expect(await provider.creates(to)).toHaveLength(1);
  });

  it.each([400, 408, 409, 425])(
    'keeps the message back too where the provider refuses the question with %i',
    async (status) => {
      const service = await startTestService({}, UNDER_WAY);
      const provider = new Provider(service.simulator.url);
      const to = numberOf(4);
      await provider.fail(to, [
        { times: 1, match: { resource: 'messages' }, fault: { kind: 'accepted_then', status: 500 } },
        { times: 2, match: { resource: 'list' }, fault: { kind: 'status', status } },
      ]);
      const id = await service.api.send({ to, channels: ['sms'], body: 'Hello' });
      const sent = await service.api.untilStatus(id, 'sent', 'failed');
      expect(sent.status).toBe('sent');
      expect(await provider.creates(to)).toHaveLength(1);
    },
  );

  it('sends nothing again where the question stays refused: a human decides', async () => {
    const service = await startTestService({ RETRY_MAX: '2' }, UNDER_WAY);
    const provider = new Provider(service.simulator.url);
    const to = numberOf(5);
    await provider.fail(to, [
      { times: 1, match: { resource: 'messages' }, fault: { kind: 'accepted_then', status: 500 } },
      { match: { resource: 'list' }, fault: { kind: 'status', status: 409 } },
    ]);
    const id = await service.api.send({ to, channels: ['sms'], body: 'Hello' });
    const failed = await service.api.untilStatus(id, 'sent', 'failed');
    expect(failed.deadLetter?.reason).toContain("the provider's list could not be read (");
    expect(await provider.creates(to)).toHaveLength(1);
  });

  it.each([
    ['credentials that may not read it', { status: 403 }],
    ['a restricted key that may not read it', { status: 403, code: 20003 }],
    ['a restricted key that has no such right', { status: 401, code: 70051 }],
    ['an address that has none', { status: 404 }],
  ])('does not stop %s from being used: the risk is marked', async (_, refusal) => {
    const service = await startTestService({}, UNDER_WAY);
    const provider = new Provider(service.simulator.url);
    const to = numberOf(3);
    await provider.fail(to, [
      { times: 1, match: { resource: 'messages' }, fault: { kind: 'status', status: 500 } },
      { match: { resource: 'list' }, fault: { kind: 'status', ...refusal } },
    ]);
    const id = await service.api.send({ to, channels: ['sms'], body: 'Hello' });
    // What stopped the account would keep it `sending`, and hold everything else too.
    const sent = await service.api.untilStatus(id, 'sent');
    expect(sent.deliveries[0]?.attempts).toMatchObject([{ outcome: 'unknown' }, { possibleDuplicate: true }]);
    const { rows } = await service.database.query(`SELECT scope FROM circuits WHERE state <> 'closed'`);
    expect(rows).toEqual([]);
  });
});

describe('a question that the provider refuses to the whole account', () => {
  it('waits in the circuit that its refusal opened, and the explanation says so', async () => {
    const service = await startTestService({}, UNDER_WAY);
    const provider = new Provider(service.simulator.url);
    const to = numberOf(6);
    await provider.fail(to, [
      { times: 1, match: { resource: 'messages' }, fault: { kind: 'accepted_then', status: 500 } },
      { times: 1, match: { resource: 'list' }, fault: { kind: 'status', status: 401, code: 20003 } },
    ]);
    const id = await service.api.send({ to, channels: ['sms'], body: 'Hello' });
    const sentences = async () =>
      (await service.database.query<{ sentence: string }>(`SELECT sentence FROM decisions WHERE rule LIKE 'circuit:%'`))
        .rows;
    await expect.poll(sentences).toHaveLength(1);
    expect((await sentences())[0]?.sentence).toBe(
      "Asked whether it was accepted: the provider's list could not be read (Twilio code 20003). The circuit of " +
        'account:AC01•••cdef is open (Twilio code 20003: the provider refuses the credentials): ' +
        'the question waits there.',
    );
    await service.api.untilStatus(id, 'sending');
  });
});

describe('looks at a list that cannot be read', () => {
  it('use up none of those that wait for two notifications to be told apart', async () => {
    const service = await startTestService({ RETRY_MAX: '10' }, UNDER_WAY);
    const provider = new Provider(service.simulator.url);
    const to = numberOf(33);
    await provider.fail(to, [
      { times: 1, match: { resource: 'messages' }, fault: { kind: 'status', status: 500 } },
      { match: { resource: 'list' }, fault: { kind: 'status', status: 503 } },
    ]);
    await service.api.send({ to, channels: ['sms'], body: 'Hello' });
    const asked = async () =>
      (await service.database.query(`SELECT lookups FROM outbox WHERE stage = 'reconcile' AND retries >= 4`)).rows;
    await expect.poll(asked).toEqual([{ lookups: 0 }]);
  });
});

describe('a call that waits to be dialled, which has no time yet', () => {
  const call = { channels: ['voice'], voice: { say: 'Your code is 4 9 3' } };

  it('is found in the list, but not taken for that of another notification', async () => {
    const service = await startTestService({}, { callbacks: 'none', stepMs: 3_600_000 });
    const provider = new Provider(service.simulator.url);
    const to = numberOf(6);
    const fault = (kind: 'accepted_then' | 'status') => [
      { times: 1, match: { resource: 'calls' }, fault: { kind, status: 500 } },
    ];
    await provider.fail(to, fault('accepted_then'));
    const first = await service.api.untilStatus(await service.api.send({ to, ...call }), 'sent', 'failed');
    expect(first.status).toBe('sent');
    await provider.fail(to, fault('status'));
    const second = await service.api.untilStatus(await service.api.send({ to, ...call }), 'sent', 'failed');
    expect(second.status).toBe('sent');
    expect(second.deliveries[0]?.providerSid).not.toBe(first.deliveries[0]?.providerSid);
    expect(second.deliveries[0]?.attempts.map(({ outcome }) => outcome)).toEqual(['unknown', 'accepted']);
    expect(first.deliveries[0]?.attempts.map(({ outcome }) => outcome)).toEqual(['accepted']);
  });
});
