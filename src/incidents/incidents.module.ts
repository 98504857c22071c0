import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { DeadLetter } from '../dead-letters/dead-letter.entity.js';
import { OutboxModule } from '../outbox/outbox.module.js';
import { CircuitBoard } from './circuit.board.js';
import { CircuitCommands } from './circuit.commands.js';
import { CircuitKeeper } from './circuit.keeper.js';
import { CircuitProbe } from './circuit.probe.js';
import { CircuitRamp } from './circuit.ramp.js';
import { CircuitStore } from './circuit.store.js';
import { CircuitWatch } from './circuit.watch.js';
import { CircuitWriter } from './circuit.writer.js';
import { CircuitsController } from './circuits.controller.js';
import { Circuits } from './circuits.js';
import { Incident } from './incident.entity.js';
import { IncidentHousekeeping } from './incident.housekeeping.js';
import { IncidentOpener } from './incident.opener.js';
import { IncidentTimeline } from './incident.timeline.js';
import { IncidentToll } from './incident.toll.js';
import { IncidentsController } from './incidents.controller.js';
import { Pacer } from './pacer.js';
import { Paces } from './paces.js';
import { ProviderHealth } from './provider.health.js';
import { ProviderIndicator } from './provider.indicator.js';
import { StatusReport } from './status.report.js';

/**
 * Decides whether anything may be sent now: circuits, incidents and the pace of senders. Causes for alerts go through a
 * port (alert.port.ts), which the alerts module implements.
 */
@Module({
  imports: [OutboxModule, TypeOrmModule.forFeature([Incident, DeadLetter])],
  controllers: [CircuitsController, IncidentsController],
  providers: [
    CircuitBoard,
    CircuitCommands,
    CircuitKeeper,
    CircuitProbe,
    CircuitRamp,
    CircuitStore,
    CircuitWatch,
    CircuitWriter,
    Circuits,
    IncidentHousekeeping,
    IncidentOpener,
    IncidentTimeline,
    IncidentToll,
    Pacer,
    Paces,
    ProviderHealth,
    ProviderIndicator,
    StatusReport,
  ],
  exports: [Circuits, IncidentToll],
})
export class IncidentsModule {}
