import { ApiProperty } from '@nestjs/swagger';
import { CHANNELS, NEXT_STEP_KINDS, type Channel, type NextStepKind } from '../policy/vocabulary.js';

/** What was decided after a failure. */
export class NextStepDto {
  @ApiProperty({
    enum: NEXT_STEP_KINDS,
    description: 'reconcile: the provider is asked whether it accepted. hold: it waits until sends may go out again.',
  })
  kind: NextStepKind;

  @ApiProperty({ type: String, format: 'date-time', required: false })
  at?: string;

  @ApiProperty({ enum: CHANNELS, required: false })
  channel?: Channel;

  @ApiProperty({ type: String })
  reason: string;
}
