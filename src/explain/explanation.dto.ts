import { ApiProperty } from '@nestjs/swagger';
import { DECISION_RULES } from '../policy/decision.rules.js';
import { NOTIFICATION_STATUSES, type NotificationStatus } from '../policy/transitions.js';
import { OPEN_CAUSES } from '../policy/vocabulary.js';

const RULE = `What decided: \`Twilio code 63016\`, \`HTTP status 503\` and the like for a failure or an answer, \`acceptance\` for the beginning, else one of ${DECISION_RULES.map((rule) => `\`${rule}\``).join(', ')}, or \`circuit: \` with ${OPEN_CAUSES.map((cause) => `\`${cause}\``).join(', ')} or \`pace\`.`;

class ExplainedDecisionDto {
  @ApiProperty({ type: String, format: 'date-time' })
  at: string;

  @ApiProperty({ type: String, description: RULE, examples: ['acceptance', 'Twilio code 63016', ...DECISION_RULES] })
  rule: string;

  @ApiProperty({ type: String })
  sentence: string;

  @ApiProperty({ type: String, format: 'uuid', required: false })
  deliveryId?: string;

  @ApiProperty({ type: String, format: 'uuid', required: false })
  attemptId?: string;
}

class ExplainedNextDto {
  @ApiProperty({ type: String })
  sentence: string;

  @ApiProperty({ type: String, format: 'date-time', nullable: true, description: 'Null if nobody can say.' })
  at: string | null;
}

/** What happened to a notification, why, and what comes next. Times within sentences are UTC. */
export class ExplanationDto {
  @ApiProperty({ type: String, format: 'uuid' })
  id: string;

  @ApiProperty({ enum: NOTIFICATION_STATUSES })
  status: NotificationStatus;

  @ApiProperty({ type: [ExplainedDecisionDto], description: 'In order of time.' })
  decisions: ExplainedDecisionDto[];

  @ApiProperty({ type: ExplainedNextDto, nullable: true, description: 'Null when nothing more will happen.' })
  next: ExplainedNextDto | null;
}
