import { describe, expect, it } from 'vitest';
import { nextStretch } from '../src/receipts/receipt.looks.js';
import { MINUTE, NOBODY, startWithoutCallbacks } from './receipts.setup.js';
import { eventually } from './support/eventually.js';

describe('a receipt that never came', () => {
  it('waits while a circuit is open', async () => {
    const { api, operator, sentAndAt, later, round, questions } = await startWithoutCallbacks();
    await sentAndAt({ to: '+15551230001' }, 'delivered');
    const { id } = await operator.circuit('resource:sms');
    await api.post(`/v1/admin/circuits/${id}/open`);
    await later(16 * MINUTE);
    expect(await round()).toEqual(NOBODY);
    expect(await questions()).toEqual([]);
    await operator.close('resource:sms');
    await eventually(round, ({ delivered }) => delivered === 1);
  });

  it('on a channel whose circuit is open keeps nobody waiting on another one, and is asked for once that is closed', async () => {
    const { api, operator, sentAndAt, later, round, read, questions } = await startWithoutCallbacks();
    // More than are asked about at a time.
    const held: string[] = [];
    for (const n of [1, 2, 3, 4, 5]) {
      held.push((await sentAndAt({ to: `+1555123000${n}`, channels: ['whatsapp'] }, 'delivered')).id);
    }
    const sms = await sentAndAt({ to: '+15551230006' }, 'delivered');
    const { id } = await operator.circuit('resource:whatsapp');
    await api.post(`/v1/admin/circuits/${id}/open`);
    await later(16 * MINUTE);
    expect(await round()).toEqual({ ...NOBODY, delivered: 1 });
    expect((await read(sms.id)).status).toBe('delivered');
    const call = await sentAndAt({ to: '+15551230007', channels: ['voice'] }, 'completed');
    await later(16 * MINUTE);
    expect(await round()).toEqual({ ...NOBODY, delivered: 1 });
    expect((await read(call.id)).status).toBe('delivered');
    await operator.close('resource:whatsapp');
    await eventually(round, ({ delivered }) => delivered === held.length);
    for (const each of held) expect((await read(each)).status).toBe('delivered');
    expect(await round()).toEqual(NOBODY);
    expect(await questions()).toHaveLength(held.length + 2);
  });

  it('is asked for once, though another channel goes the same way later', async () => {
    const { api, operator, sentAndAt, later, round } = await startWithoutCallbacks();
    await sentAndAt({ to: '+15005553000' }, 'sent');
    await sentAndAt({ to: '+15551230001', channels: ['whatsapp'] }, 'delivered');
    const { id } = await operator.circuit('resource:whatsapp');
    await api.post(`/v1/admin/circuits/${id}/open`);
    await later(16 * MINUTE);
    expect(await round()).toEqual({ ...NOBODY, under_way: 1 });
    await operator.close('resource:whatsapp');
    expect(await eventually(round, ({ delivered }) => delivered === 1)).toEqual({ ...NOBODY, delivered: 1 });
  });

  it('is found behind the place of a channel ahead whose attempt retention has deleted', async () => {
    const { database, sentAndAt, later, round } = await startWithoutCallbacks();
    await sentAndAt({ to: '+15551230001', channels: ['whatsapp'] }, 'delivered');
    await database.query(`UPDATE receipt_looks SET looked_to = new_uuid_v7() WHERE number = 1 AND channel = 'sms'`);
    await sentAndAt({ to: '+15551230002', channels: ['whatsapp'] }, 'delivered');
    await later(16 * MINUTE);
    expect(await round()).toEqual({ ...NOBODY, delivered: 2 });
  });
});

it('a look goes on where the channels are that are furthest behind, as far as the next one', () => {
  const at = (whatsapp: string, sms: string, voice: string) =>
    [
      { channel: 'whatsapp', lookedTo: whatsapp },
      { channel: 'sms', lookedTo: sms },
      { channel: 'voice', lookedTo: voice },
    ] as const;
  const nobody = new Set<never>();
  expect(nextStretch(at('1', '1', '1'), nobody)).toEqual({
    channels: ['whatsapp', 'sms', 'voice'],
    after: '1',
    upTo: null,
  });
  expect(nextStretch(at('2', '1', '3'), nobody)).toEqual({ channels: ['sms'], after: '1', upTo: '2' });
  expect(nextStretch(at('2', '1', '2'), new Set(['sms'] as const))).toEqual({
    channels: ['whatsapp', 'voice'],
    after: '2',
    upTo: null,
  });
  expect(nextStretch(at('1', '1', '2'), new Set(['sms', 'voice'] as const))).toEqual({
    channels: ['whatsapp'],
    after: '1',
    upTo: '2',
  });
  expect(nextStretch(at('1', '2', '3'), new Set(['whatsapp', 'sms', 'voice'] as const))).toBeNull();
});
