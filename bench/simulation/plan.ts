import { ACCOUNTS, DAY_SECONDS, FLEET, LOAD, PLANNED_SHARE } from './assumptions.js';
import { KIND_NAMES, type KindName, KINDS, unitsOf } from './limits.js';
import { normal, type Random, seededRandom } from './random.js';

/** A sender with what it is to send on the day. */
export interface PlannedSender {
  readonly kind: KindName;
  readonly account: number;
  /** Within its account. */
  readonly subaccount: number;
  /** Notifications of the day, campaign apart. */
  readonly daily: number;
  readonly campaign: number;
}

export interface Plan {
  readonly senders: readonly PlannedSender[];
  /** Senders by kind that would have gone over a limit, had clients used them as they liked. */
  readonly relieved: Readonly<Record<KindName, number>>;
}

/**
 * Gives each sender its part of the day. Clients use senders unevenly; what would take a sender over the planned share
 * of its rate or of its day's limit goes to the others of its kind.
 * @param scale of the senders and the notifications, for a quick look
 * @throws when the senders of a kind are too few.
 */
export function planDay(seed: number, scale = 1, notificationsADay: number = LOAD.notificationsADay): Plan {
  const random = seededRandom(seed);
  const { campaign } = LOAD;
  const base = notificationsADay - campaign.notifications;
  const relieved = {} as Record<KindName, number>;
  const shares = KIND_NAMES.map((kind) => {
    const { senders, share } = FLEET[kind];
    const most = mostADay(kind);
    const count = Math.max(1, Math.round(senders * scale));
    const wanted = unevenly(random, count, base * share * scale);
    relieved[kind] = wanted.filter((daily) => daily > most).length;
    return { kind, parts: levelled(wanted, most, kind), most };
  });
  const room = shares.flatMap(({ kind, parts, most }) =>
    parts.map((daily) => ({ kind, daily, room: FLEET[kind].campaign ? most - daily : 0 })),
  );
  const rooms = room.reduce((sum, sender) => sum + sender.room, 0);
  if (rooms < campaign.notifications * scale) throw new Error('The campaign does not fit: more senders are needed');
  // Kind by kind, so that each subaccount has as many of a kind as any other.
  const senders = room.map(({ kind, daily, room }, index) => ({
    kind,
    account: index % ACCOUNTS.accounts,
    subaccount: Math.floor(index / ACCOUNTS.accounts) % ACCOUNTS.subaccountsEach,
    daily,
    campaign: (campaign.notifications * scale * room) / rooms,
  }));
  return { senders, relieved };
}

/** What one sender is planned to send in a day at most: its rate must be enough for the busiest hours. */
export function mostADay(kind: KindName): number {
  const { channel, perSecond, perDay } = KINDS[kind];
  // Voice numbers share the rate of their subaccount.
  const sharedBy = channel === 'voice' ? FLEET.voice.senders / (ACCOUNTS.accounts * ACCOUNTS.subaccountsEach) : 1;
  const byRate = (perSecond / sharedBy / unitsOf(channel) / LOAD.peakFactor) * DAY_SECONDS;
  return PLANNED_SHARE * Math.min(byRate, perDay ?? Infinity);
}

function unevenly(random: Random, count: number, total: number): number[] {
  const weights = Array.from({ length: count }, () => Math.exp(LOAD.unevenness * normal(random)));
  const sum = weights.reduce((all, weight) => all + weight, 0);
  return weights.map((weight) => (total * weight) / sum);
}

/** Hands what is above `most` to those below it, in proportion to what they have. */
function levelled(parts: readonly number[], most: number, kind: KindName): number[] {
  const total = parts.reduce((sum, part) => sum + part, 0);
  if (total > most * parts.length) {
    throw new Error(`${KINDS[kind].name}: ${Math.ceil(total / most)} senders are needed, there are ${parts.length}`);
  }
  let level = [...parts];
  for (;;) {
    const full = level.map((part) => part >= most);
    const over = level.reduce((sum, part) => sum + Math.max(0, part - most), 0);
    if (over < 1e-6) return level;
    const others = level.reduce((sum, part, index) => sum + (full[index] ? 0 : part), 0);
    level = level.map((part, index) => (full[index] ? most : part * (1 + over / others)));
  }
}
