/** mqtt.js goes in; the two of its classes that the product uses come out, without `connect()` and what that brings along (ws, socks, ip-address, lru-cache), and with two caches of its packet writer put right for a process that lives for months. */

const numbers = require("mqtt-packet/numbers.js");

// It keeps the bytes of each length that it has written, up to 16,384 of them. Cut from Node's shared pool, as they are, each holds 8 kB for good.
const { genBufVariableByteInt } = numbers;
numbers.genBufVariableByteInt = (number) => {
  const cut = genBufVariableByteInt(number);
  const own = Buffer.allocUnsafeSlow(cut.length);
  own.set(cut);
  return own;
};
// It makes all 65,536 numbers of two bytes beforehand, as a broker may want them: 7 MB, at the first packet.
require("mqtt-packet").writeToStream.cacheNumbers = false;

exports.MqttClient = require("../node_modules/mqtt/build/lib/client.js").default;
exports.UniqueMessageIdProvider = require("../node_modules/mqtt/build/lib/unique-message-id-provider.js").default;
