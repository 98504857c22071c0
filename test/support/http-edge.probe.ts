import { Body, Controller, Get, Param, Post, Query } from '@nestjs/common';
import { Type } from 'class-transformer';
import { ArrayNotEmpty, IsArray, IsIn, IsInt, IsOptional, IsString, Matches, ValidateNested } from 'class-validator';
import { Public, Scopes } from '../../src/access/access.decorator.js';
import { OverloadedError } from '../../src/database/overloaded.error.js';
import { Database } from '../../src/database/database.js';
import { ExpectsBody } from '../../src/http/body.decorator.js';
import { PageQuery } from '../../src/http/pagination.js';
import { UuidPipe } from '../../src/http/uuid.pipe.js';
import { Problem } from '../../src/problems/problem.js';

class Part {
  @IsString()
  body: string;

  @IsOptional()
  @IsArray()
  @IsString({ each: true })
  mediaUrls?: string[];
}

class Message {
  @IsString()
  @Matches(/^\+\d+$/)
  to: string;

  @IsArray()
  @ArrayNotEmpty()
  @IsIn(['whatsapp', 'sms', 'voice'], { each: true })
  channels: string[];

  @IsOptional()
  @ValidateNested()
  @Type(() => Part)
  sms?: Part;

  @IsOptional()
  @ValidateNested({ each: true })
  @Type(() => Part)
  parts?: Part[];

  @IsOptional()
  @IsInt()
  after?: number;
}

/** A route for everything that the edge has to answer for. */
@Controller('probe')
@Public()
export class ProbeController {
  constructor(private readonly database: Database) {}

  @Get()
  list(@Query() query: PageQuery) {
    return query;
  }

  @Post()
  accept(@Body() message: Message) {
    return { isMessage: message instanceof Message, message };
  }

  @Post('form')
  @ExpectsBody({ as: 'form' })
  form(@Body() fields: Record<string, unknown>) {
    return fields;
  }

  @Post('large')
  @ExpectsBody({ limit: 3 * 1024 * 1024 })
  large(@Body() body: { text: string }) {
    return { length: body.text.length };
  }

  @Get('teapot')
  break(): never {
    throw new TypeError('the number +15551230001 has no teapot');
  }

  @Get('overloaded')
  overload(): never {
    throw new OverloadedError('accept', 3);
  }

  @Get('sql')
  async sql() {
    return await this.database.run({ name: 'probe', text: `SELECT 'code 4711 for Ann'::int` });
  }

  @Get('lost')
  async lost() {
    return await this.database.run({ name: 'lost', text: 'SELECT pg_terminate_backend(pg_backend_pid())' });
  }

  @Get('conflict')
  conflict(): never {
    throw new Problem('idempotency-conflict', { detail: 'Used for another one.', extra: { originalId: 'x' } });
  }

  @Get('things/:id')
  thing(@Param('id', new UuidPipe('thing')) id: string) {
    return { id };
  }
}

@Controller('closed')
export class UndeclaredController {
  @Get()
  forgotten() {
    return 'nobody reads this';
  }

  @Get('send')
  @Scopes('send')
  send() {
    return 'ok';
  }
}
