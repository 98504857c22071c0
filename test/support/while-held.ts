import type { ServiceUnderTest } from './service.js';

/** Sends on a channel wait as long as `run` takes. */
export async function whileHeld<T>(
  { api, database }: ServiceUnderTest,
  channel: string,
  run: () => Promise<T>,
): Promise<T> {
  const { rows } = await database.query<{ id: string }>('SELECT id FROM circuits WHERE scope = $1', [
    `resource:${channel}`,
  ]);
  const turn = async (how: 'open' | 'close') => {
    const { status } = await api.post(`/v1/admin/circuits/${rows[0]?.id}/${how}`);
    if (status !== 200) throw new Error(`The circuit of ${channel} does not ${how}: ${status}`);
  };
  await turn('open');
  try {
    return await run();
  } finally {
    await turn('close');
  }
}
