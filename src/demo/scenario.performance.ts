import type { NotificationDto } from '../notifications/notification.dto.js';
import type { PostriderClient } from './postrider.client.js';
import { type Scenario, surprises } from './scenarios.js';
import type { Terminal } from './terminal.js';
import { inOrder, isEnd, statusEvent, timelineOf, type TimelineEvent } from './timeline.js';

/** The time between two reads of a notification. */
const LOOK_EVERY_MS = 40;

/** The longest scenario waits a few seconds between retries. */
const ENDS_WITHIN_MS = 60_000;

/**
 * Sends what the scenario asks for and shows what happens, as it happens, until the notification ends.
 * @param interruption stops the watching, not the notification
 * @returns what differs from the expected ending; empty if it ended well
 */
export async function perform(
  scenario: Scenario,
  client: PostriderClient,
  terminal: Terminal,
  interruption: AbortSignal,
): Promise<string[]> {
  terminal.aside(`  ${JSON.stringify(scenario.request)}`);
  const accepted = await client.send(scenario.request);
  const told = new Set<string>();
  const tell = (event: TimelineEvent) => {
    if (told.has(event.key)) return;
    told.add(event.key);
    terminal.event(event.at.getTime() - new Date(accepted.createdAt).getTime(), event.text, event.tone);
  };

  tell(statusEvent(accepted));
  let seen: NotificationDto = accepted;
  const giveUpAt = performance.now() + ENDS_WITHIN_MS;
  while (!isEnd(seen.status) && !interruption.aborted && performance.now() < giveUpAt) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    const now = await client.find(accepted.id);
    const changed = now.status === seen.status ? [] : [statusEvent(now)];
    for (const event of inOrder([...timelineOf(now), ...changed])) tell(event);
    seen = now;
  }
  if (interruption.aborted) return [];
  const differences = surprises(scenario.ends, seen);
  if (differences.length === 0) terminal.verdict(`${seen.status} (${seen.channel}), as expected`, 'good');
  for (const difference of differences) terminal.verdict(difference, 'bad');
  return differences;
}
