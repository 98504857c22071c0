import { Body, Controller, HttpCode, Param, Post, UseGuards } from '@nestjs/common';
import { ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { Public } from '../access/access.decorator.js';
import { UuidPipe } from '../http/uuid.pipe.js';
import { Problems } from '../openapi/problems.decorator.js';
import { notFound } from '../problems/problem.js';
import type { TwilioResource } from '../twilio/resource.js';
import { lacking, type CallbackForm } from './callback-form.js';
import { CallbackIntake } from './callback.intake.js';
import { CallbackJournal } from './callback.journal.js';
import { NAMES, readReport } from './provider-report.js';
import { SignatureGuard } from './signature.guard.js';
import { SignedForm } from './signed-form.decorator.js';

const ATTEMPT_ID = { name: 'attemptId', format: 'uuid' };

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
  @ApiOperation({ summary: 'Status callback of a message, signed by Twilio' })
  @ApiParam(ATTEMPT_ID)
  @SignedForm('MessageSid', 'MessageStatus')
  @Problems('not-found', 'overloaded')
  message(
    @Param('attemptId', new UuidPipe('attempt')) attemptId: string,
    @Body() form: CallbackForm = {},
  ): Promise<void> {
    return this.take(attemptId, 'message', form);
  }

  @Post('call/:attemptId')
  @HttpCode(204)
  @ApiOperation({ summary: 'Status callback of a call, signed by Twilio' })
  @ApiParam(ATTEMPT_ID)
  @SignedForm('CallSid', 'CallStatus')
  @Problems('not-found', 'overloaded')
  call(@Param('attemptId', new UuidPipe('attempt')) attemptId: string, @Body() form: CallbackForm = {}): Promise<void> {
    return this.take(attemptId, 'call', form);
  }

  private async take(attemptId: string, resource: TwilioResource, form: CallbackForm): Promise<void> {
    const report = readReport(attemptId, resource, form);
    if (!report) throw lacking(form, NAMES[resource].sid, NAMES[resource].status);
    if ((await this.intake.take(report)) === 'unknown_attempt') {
      this.journal.unknownAttempt(report);
      throw notFound('attempt');
    }
  }
}
