// `muster service`: the group. One file a command.
import type { Command } from 'commander';
import { addServiceCreate } from './service-create.ts';
import { addServiceInspect } from './service-inspect.ts';
import { addLogsCommand } from './service-logs.ts';
import { addServiceLs } from './service-ls.ts';
import { addServicePs } from './service-ps.ts';
import { addServiceRm } from './service-rm.ts';
import { addServiceRollback } from './service-rollback.ts';
import { addServiceScale } from './service-scale.ts';
import { addServiceUpdate } from './service-update.ts';

export function addServiceCommand(program: Command): void {
  const service = program.command('service').summary('Manage services').description('Manage services.');
  // What follows an image belongs to the container, whatever it looks like.
  service.enablePositionalOptions();
  addServiceCreate(service);
  addServiceInspect(service);
  addLogsCommand(service);
  addServiceLs(service);
  addServicePs(service);
  addServiceRm(service);
  addServiceRollback(service);
  addServiceScale(service);
  addServiceUpdate(service);
}
