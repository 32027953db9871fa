/**
 * Stands in for Electron's utilityProcess around a bundle of the product on plain Node: `process.parentPort` over the IPC of a
 * child process, and one page whose port is relayed (`{ page: frame }`).
 */
const { MessageChannel } = require('node:worker_threads');

const { port1, port2 } = new MessageChannel();
const wrapped = {
  postMessage: (message) => port1.postMessage(message),
  on: (event, listener) => port1.on(event, (value) => listener({ data: value })),
  start: () => port1.start(),
  close: () => port1.close(),
};
port2.on('message', (frame) => process.send({ page: frame }));

process.parentPort = {
  postMessage: (message) => process.send(message),
  on: (_event, listener) =>
    process.on('message', (message) => {
      if ('page' in message) port2.postMessage(message.page);
      else listener({ data: message, ports: message.type === 'page' ? [wrapped] : [] });
    }),
};
