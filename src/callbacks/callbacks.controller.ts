import { Body, Controller, HttpCode, Param, Post, UseGuards } from '@nestjs/common';
import { ApiConsumes, ApiNoContentResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Public } from '../access/access.decorator.js';
import { ExpectsBody } from '../http/body.decorator.js';
import { UuidPipe } from '../http/uuid.pipe.js';
import { Problems } from '../openapi/problems.decorator.js';
import { notFound, Problem } from '../problems/problem.js';
import type { CallbackForm } from './callback-form.js';
import { CallbackIntake } from './callback.intake.js';
import { CallbackJournal } from './callback.journal.js';
import { readReport, type ProviderReport } from './provider-report.js';
import { SignatureGuard } from './signature.guard.js';

/** Twilio's status callbacks. */
@ApiTags('callbacks')
@Controller('callbacks/twilio')
@Public()
@UseGuards(SignatureGuard)
export class CallbacksController {
  constructor(
    private readonly intake: CallbackIntake,
    private readonly journal: CallbackJournal,
  ) {}

  @Post('message/:attemptId')
  @HttpCode(204)
  @ExpectsBody({ as: 'form' })
  @ApiOperation({ summary: 'Status callback of a message, signed by Twilio' })
  @ApiConsumes('application/x-www-form-urlencoded')
  @ApiNoContentResponse()
  @Problems('bad-signature', 'not-found', 'validation-failed', 'unsupported-media-type', 'overloaded')
  message(
    @Param('attemptId', new UuidPipe('attempt')) attemptId: string,
    @Body() form: CallbackForm = {},
  ): Promise<void> {
    return this.take(attemptId, 'message', form);
  }

  @Post('call/:attemptId')
  @HttpCode(204)
  @ExpectsBody({ as: 'form' })
  @ApiOperation({ summary: 'Status callback of a call, signed by Twilio' })
  @ApiConsumes('application/x-www-form-urlencoded')
  @ApiNoContentResponse()
  @Problems('bad-signature', 'not-found', 'validation-failed', 'unsupported-media-type', 'overloaded')
  call(@Param('attemptId', new UuidPipe('attempt')) attemptId: string, @Body() form: CallbackForm = {}): Promise<void> {
    return this.take(attemptId, 'call', form);
  }

  private async take(attemptId: string, resource: ProviderReport['resource'], form: CallbackForm): Promise<void> {
    const report = readReport(attemptId, resource, form);
    if (!report) {
      throw new Problem('validation-failed', {
        detail:
          resource === 'message' ? 'MessageSid and MessageStatus are needed.' : 'CallSid and CallStatus are needed.',
      });
    }
    if ((await this.intake.take(report)) === 'unknown_attempt') {
      this.journal.unknownAttempt(report);
      throw notFound('attempt');
    }
  }
}
