import { ApiProperty, ApiPropertyOptional, ApiSchema } from '@nestjs/swagger';
import { PROBLEM_SLUGS, problemTypeUri } from './problem-types.js';

@ApiSchema({ name: 'FieldError' })
class FieldErrorDto {
  @ApiProperty({ type: String, description: 'JSON pointer into the body, or /name of a query parameter.' })
  pointer: string;

  @ApiProperty({ type: String })
  detail: string;
}

/** How an answer with `application/problem+json` looks in the OpenAPI document. */
@ApiSchema({ name: 'Problem', description: 'RFC 9457. `type` tells problems apart; more members may follow.' })
export class ProblemDto {
  @ApiProperty({ enum: PROBLEM_SLUGS.map(problemTypeUri), enumName: 'ProblemType' })
  type: string;

  @ApiProperty({ type: String, description: 'The same on every occurrence of the type.' })
  title: string;

  @ApiProperty({ type: 'integer' })
  status: number;

  @ApiProperty({ type: String, description: 'What happened this time, and what to do.' })
  detail: string;

  @ApiPropertyOptional({
    type: String,
    description: 'The path of the request that met the problem; in a batch, #/notifications/<index> follows.',
  })
  instance?: string;

  @ApiPropertyOptional({ type: [FieldErrorDto], description: 'Every field that needs a correction.' })
  errors?: FieldErrorDto[];
}
