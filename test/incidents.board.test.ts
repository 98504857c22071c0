import { describe, expect, it } from 'vitest';
import { CircuitBoard } from '../src/incidents/circuit.board.js';
import type { Circuit } from '../src/incidents/circuit.policy.js';

const SMS = 'resource:sms';
const AT = new Date('2026-11-22T10:00:00Z');
const CLOSED: Circuit = { state: 'closed', changedAt: AT, recoveredFrom: null };

const open = (reason: string): Circuit => ({
  state: 'open',
  cause: 'operator',
  reason,
  openedAt: AT,
  changedAt: AT,
  nextProbeAt: null,
  backoff: 0,
  waitMs: null,
  credentials: null,
  incidentId: null,
});

const [FIRST, SECOND] = [open('first'), open('second')];

/** The database is read, and shows this; what happens meanwhile is in `between`. */
function read(board: CircuitBoard, circuit: Circuit, between = () => {}): void {
  const asOf = board.beforeReading();
  between();
  board.take([{ scope: SMS, circuit }], asOf);
}

describe('what this replica changed', () => {
  it('is in force at once, and no reading undoes it before it is saved', () => {
    const board = new CircuitBoard();
    board.changeHere(SMS, FIRST);
    read(board, CLOSED);
    expect(board.get(SMS)).toBe(FIRST);
  });

  it('is not undone by a reading that began before it was saved', () => {
    const board = new CircuitBoard();
    board.changeHere(SMS, FIRST);
    read(board, CLOSED, () => board.saved(SMS, FIRST));
    expect(board.get(SMS)).toBe(FIRST);
    read(board, CLOSED);
    expect(board.get(SMS)).toBe(CLOSED);
  });

  it('stays as it is until all of it is saved, whatever was before it in the database', () => {
    const board = new CircuitBoard();
    board.changeHere(SMS, FIRST);
    board.changeHere(SMS, SECOND);
    board.saved(SMS, FIRST);
    expect(board.get(SMS)).toBe(SECOND);
    board.learn(SMS, CLOSED);
    read(board, CLOSED);
    expect(board.get(SMS)).toBe(SECOND);
    const saved = open('as it became in the database');
    board.saved(SMS, saved);
    expect(board.get(SMS)).toBe(saved);
  });
});

describe('what is learnt of a change by an operator or an incident', () => {
  it('is in force, and is not undone by a reading that began before', () => {
    const board = new CircuitBoard();
    read(board, CLOSED, () => board.learn(SMS, FIRST));
    expect(board.get(SMS)).toBe(FIRST);
    read(board, CLOSED);
    expect(board.get(SMS)).toBe(CLOSED);
  });
});

describe('a reading', () => {
  it('is taken over, whatever older readings said', () => {
    const board = new CircuitBoard();
    for (const circuit of [FIRST, SECOND, CLOSED]) {
      read(board, circuit);
      expect(board.get(SMS)).toBe(circuit);
    }
  });

  it('changes what is known of its own circuit only', () => {
    const board = new CircuitBoard();
    board.learn('resource:voice', SECOND);
    read(board, FIRST);
    expect(board.known().map(({ scope, circuit }) => [scope, circuit])).toEqual([
      ['resource:voice', SECOND],
      [SMS, FIRST],
    ]);
  });
});

it('knows whether all are closed, and tells of each change of a state and of nothing else', () => {
  const board = new CircuitBoard();
  const seen: boolean[] = [];
  board.onStateChange(() => seen.push(board.allClosed));
  board.learn(SMS, CLOSED);
  board.learn(SMS, FIRST);
  board.learn('resource:voice', FIRST);
  board.learn(SMS, SECOND);
  board.learn(SMS, CLOSED);
  read(board, CLOSED);
  board.learn('resource:voice', CLOSED);
  expect(seen).toEqual([false, false, false, true]);
});
