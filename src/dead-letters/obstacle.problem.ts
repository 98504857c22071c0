import { SENDER_VARIABLE } from '../channels/senders.js';
import { Problem } from '../problems/problem.js';
import type { ProblemSlug } from '../problems/problem-types.js';
import type { Obstacle, ObstacleReason, ResolutionWish } from './resolution.js';
import type { Candidate } from './resolve.sql.js';

const SLUGS = {
  already_resolved: 'already-resolved',
  not_failed: 'conflict',
  expired: 'unprocessable',
  same_channel: 'unprocessable',
  no_sender: 'channel-not-configured',
  content_deleted: 'unprocessable',
  no_content: 'unprocessable',
  opted_out: 'unprocessable',
} as const satisfies Record<ObstacleReason, ProblemSlug>;

/** Describes an obstacle to a human; `reason` is for programs. */
export function problemOf({ reason, detail }: Obstacle, wish: ResolutionWish, candidate: Candidate): Problem {
  return new Problem(SLUGS[reason], {
    detail:
      reason === 'no_sender' ? `${detail} The operator sets ${SENDER_VARIABLE[candidate.targetChannel]}.` : detail,
    ...(wish.kind === 'fallback' && ABOUT_CHANNEL.has(reason) ? { errors: [{ pointer: '/channel', detail }] } : {}),
    extra: {
      reason,
      ...(reason === 'already_resolved'
        ? { resolution: candidate.resolution, resolvedAt: candidate.resolvedAt, resolvedBy: candidate.resolvedBy }
        : {}),
    },
  });
}

const ABOUT_CHANNEL: ReadonlySet<ObstacleReason> = new Set(['same_channel', 'no_sender', 'no_content']);
