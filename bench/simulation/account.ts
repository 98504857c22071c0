import { type Category, CATEGORIES, type Channel, CHANNELS } from '../../src/policy/vocabulary.js';
import { type Day, ramp, STEPS } from './day.js';
import type { KindName } from './limits.js';
import type { PlannedSender } from './plan.js';
import type { Random } from './random.js';
import { arrivals, newSender, refill, type SenderState, type Waiting } from './sender.js';
import { SharedLimits } from './shared.limits.js';
import { type Phase, Tally } from './tally.js';

/** Something that happened to notifications of a sender; tests look at these. */
export interface SimulationEvent {
  readonly step: number;
  readonly kind: 'accepted' | 'sent' | 'expired';
  readonly sender: number;
  readonly category: Category;
  readonly count: number;
}

export type Observer = (event: SimulationEvent) => void;

/** What an account's day came to; arrays are by step. */
export interface AccountDay {
  readonly tallies: ReadonlyMap<KindName, readonly Tally[]>;
  readonly senders: readonly SenderState[];
  readonly accepted: Float64Array;
  readonly sent: Float64Array;
  readonly sentUnits: Float64Array;
  readonly waiting: Float64Array;
  /** The step in which nothing was held any more, by channel; null where that never was. */
  readonly drainedAt: Readonly<Record<Channel, number | null>>;
}

/**
 * A day of the senders that share an account, step by step. As the service does it: what is due leaves by priority and
 * age, no faster than the sender, its subaccount and the account may; what an incident holds leaves by a ramp.
 */
export class Account {
  private readonly tallies = new Map<KindName, Tally[]>();
  private readonly senders: readonly SenderState[];
  /** Senders for whom something waits. */
  private readonly active: SenderState[] = [];
  private readonly limits = new SharedLimits();
  private readonly ramps: Record<Channel, number> = { whatsapp: 0, sms: 0, voice: 0 };
  private readonly total: Record<Channel, number> = { whatsapp: 0, sms: 0, voice: 0 };
  private readonly drainedAt: Record<Channel, number | null> = { whatsapp: null, sms: null, voice: null };
  private readonly series = {
    accepted: new Float64Array(STEPS),
    sent: new Float64Array(STEPS),
    sentUnits: new Float64Array(STEPS),
    waiting: new Float64Array(STEPS),
  };
  private readonly day: Day;
  private readonly random: Random;
  private readonly observe: Observer | undefined;
  private step = 0;

  constructor(plans: readonly PlannedSender[], day: Day, random: Random, observe?: Observer) {
    this.day = day;
    this.random = random;
    this.observe = observe;
    this.senders = plans.map((plan, index) => {
      const tallies = this.tallies.get(plan.kind) ?? CATEGORIES.map(() => new Tally());
      this.tallies.set(plan.kind, tallies);
      return newSender(plan, index, tallies, (tally) => (arrivedAt, count) => {
        tally.lags[this.phaseOf(arrivedAt)].add(this.step - arrivedAt, count);
      });
    });
  }

  run(): AccountDay {
    for (this.step = 0; this.step < STEPS; this.step += 1) {
      const held = this.isHeld();
      this.limits.refill();
      for (const channel of CHANNELS) this.ramps[channel] = this.rampOf(channel);
      for (const sender of this.senders) {
        if (arrivals(sender, this.step, this.day, this.random) > 0) this.limits.want(sender, sender.arrived);
      }
      this.accept(!held && this.limits.suffice);
      this.expire();
      if (!held) this.send();
      this.look(held);
    }
    return { tallies: this.tallies, senders: this.senders, ...this.series, drainedAt: this.drainedAt };
  }

  /** @param free whether no shared limit can stand in anyone's way: then most leaves at once, and need not be queued. */
  private accept(free: boolean): void {
    this.active.length = 0;
    for (const sender of this.senders) {
      const { arrived } = sender;
      if (arrived > 0) {
        const passes =
          free &&
          sender.waiting === 0 &&
          this.ramps[sender.channel] === Infinity &&
          arrived * sender.units <= sender.unitsPerStep &&
          arrived <= sender.leftToday;
        for (const queue of sender.byPriority) if (queue.arrived > 0) this.take(sender, queue, passes);
        if (passes) this.sent(sender, arrived);
        else sender.waiting += arrived;
      }
      if (sender.waiting > 0) this.active.push(sender);
    }
  }

  private take(sender: SenderState, queue: Waiting, passes: boolean): void {
    const { arrived: count, tally } = queue;
    tally.accepted += count;
    add(this.series.accepted, this.step, count);
    this.tell('accepted', sender, queue, count);
    if (passes) {
      tally.sent += count;
      queue.sent(this.step, count);
      this.tell('sent', sender, queue, count);
    } else {
      queue.cohorts.add(this.step, count);
      this.total[sender.channel] += count;
    }
  }

  /** Expires what waits too long, held or not. */
  private expire(): void {
    for (const sender of this.active) {
      for (const queue of sender.byPriority) {
        if (queue.cohorts.size === 0 || queue.lives === Infinity) continue;
        const count = queue.cohorts.before(this.step - queue.lives);
        if (count === 0) continue;
        queue.cohorts.take(count, nothing);
        queue.tally.expired += count;
        sender.waiting -= count;
        this.total[sender.channel] -= count;
        this.limits.want(sender, -count);
        this.tell('expired', sender, queue, count);
      }
    }
  }

  /** One priority after the other, so that nothing is sent on what a limit leaves while something before it waits. */
  private send(): void {
    const { active } = this;
    for (const sender of active) refill(sender, this.step);
    // Nobody is always the first to take from what all share.
    const first = active.length === 0 ? 0 : this.step % active.length;
    for (let priority = 0; priority < CATEGORIES.length; priority += 1) {
      for (let turn = first; turn < active.length; turn += 1) this.sendOf(active[turn], priority);
      for (let turn = 0; turn < first; turn += 1) this.sendOf(active[turn], priority);
    }
  }

  private sendOf(sender: SenderState | undefined, priority: number): void {
    const queue = sender?.byPriority[priority];
    if (!sender || !queue || queue.cohorts.size === 0) return;
    const own = Math.min(queue.cohorts.size, sender.tokens / sender.units, sender.leftToday);
    const count = Math.floor(Math.min(own, this.limits.left(sender), this.ramps[sender.channel]));
    if (count <= 0) return;
    queue.cohorts.take(count, queue.sent);
    queue.tally.sent += count;
    sender.tokens -= count * sender.units;
    sender.waiting -= count;
    this.total[sender.channel] -= count;
    this.ramps[sender.channel] -= count;
    this.sent(sender, count);
    this.tell('sent', sender, queue, count);
  }

  private sent(sender: SenderState, count: number): void {
    sender.leftToday -= count;
    this.limits.spend(sender, count);
    this.limits.want(sender, -count);
    add(this.series.sent, this.step, count);
    add(this.series.sentUnits, this.step, count * sender.units);
  }

  private look(held: boolean): void {
    const { incident } = this.day;
    const before = !incident || this.step < incident.from;
    let waiting = 0;
    for (const sender of this.active) {
      waiting += sender.waiting;
      sender.deepest = Math.max(sender.deepest, sender.waiting);
      if (sender.waiting > 0 && !held) sender.saturated[before ? 'before' : 'since'] += 1;
    }
    this.series.waiting[this.step] = waiting;
    if (before || held) return;
    for (const channel of CHANNELS) if (this.total[channel] === 0) this.drainedAt[channel] ??= this.step;
  }

  private isHeld(): boolean {
    return this.phaseOf(this.step) === 'incident';
  }

  /** What the circuit of a channel lets out: everything, unless it still holds something. */
  private rampOf(channel: Channel): number {
    const { incident } = this.day;
    const ramps = incident && this.step >= incident.until && this.drainedAt[channel] === null;
    return ramps ? ramp(this.step - incident.until) : Infinity;
  }

  private phaseOf(step: number): Phase {
    const { incident } = this.day;
    if (!incident || step < incident.from) return 'before';
    return step < incident.until ? 'incident' : 'after';
  }

  private tell(kind: SimulationEvent['kind'], sender: SenderState, { category }: Waiting, count: number): void {
    this.observe?.({ step: this.step, kind, sender: sender.index, category, count });
  }
}

/** Of what expires nobody asks how long it waited. */
function nothing(): void {}

function add(series: Float64Array, step: number, count: number): void {
  series[step] = (series[step] ?? 0) + count;
}
