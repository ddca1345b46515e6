/** The example of the README: the cameras of the studio, and the log of its messages. */
import { useState } from 'react';
import { type CameraId, Cameras, MessageLog } from '../../../../examples/camera-studio/pages/src/generated/index.js';
import { useCall, useClient, useConnection, useStateTopic, useStream } from '../../src/index.js';

export function CameraList() {
  const connection = useConnection();
  const cameras = useClient(Cameras);
  const { value, error } = useStateTopic(cameras, 'onCameras');
  const [refused, setRefused] = useState('');

  // What changes something is called by an event handler, on the same client.
  async function unplug(id: CameraId) {
    const outcome = await cameras.client?.unplug(id).result;
    if (outcome?.ok !== false) return setRefused('');
    setRefused(outcome.error.status === 'application' ? outcome.error.error.type : outcome.error.detail);
  }

  if (connection.status !== 'connected') return <p>{connection.status}…</p>;
  if (error !== undefined) return <p role="alert">{error.detail}</p>;
  return (
    <ul title={refused}>
      {value?.cameras.map(({ id, name }) => (
        <li key={id} onClick={() => void unplug(id)}>
          {name}
        </li>
      ))}
    </ul>
  );
}

export function Selected() {
  const { data, error, pending, refetch } = useCall(useClient(Cameras), (c, signal) => c.list({ signal }), []);
  if (error !== undefined) return <button onClick={refetch}>{error.status}, try again</button>;
  return <p>{pending ? '…' : `${data?.cameras.length} cameras, ${data?.selected ?? 'none'} selected`}</p>;
}

export function Recorded() {
  const { item, reply, error, open } = useStream(useClient(MessageLog), (c, signal) => c.history({ signal }), []);
  if (error !== undefined) return <p role="alert">{error.detail}</p>;
  return <p>{open ? item?.records.at(-1)?.channel : `${reply} messages`}</p>;
}
