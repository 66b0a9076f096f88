// Templates in environment, mounts and hostname, as a node fills them in.
import { containerSpecSchema, expandContainer } from '@muster/model';
import type { Subject } from '../subject.ts';

export const templateExpansion: Subject = {
  expect: (row) => row.expect,
  start:
    () =>
    ({ env, hostname, mountSource, mountTarget, nodeHostname, platform }) => {
      const mounts = [{ type: 'bind', source: mountSource ?? '', target: mountTarget ?? 't' }];
      const container = containerSpecSchema.parse({ env: env === undefined ? [] : [env], hostname, mounts });
      const filled = expandContainer(container, {
        service: {
          id: 'serviceID',
          name: 'serviceName',
          labels: {
            ServiceLabelOneKey: 'service-label-one-value',
            ServiceLabelTwoKey: 'service-label-two-value',
            'com.example.ServiceLabelThreeKey': 'service-label-three-value',
          },
        },
        node: {
          id: 'nodeID',
          hostname: String(nodeHostname ?? ''),
          platform: { architecture: '', os: '', ...(platform as object | undefined) },
        },
        task: { id: 'taskID', name: 'serviceName.10.taskID', slot: 10 },
      });
      const [mount] = filled.mounts;
      if (env !== undefined) return filled.env[0];
      if (hostname !== undefined) return filled.hostname;
      return mountSource === undefined ? mount!.target : mount!.source;
    },
};
