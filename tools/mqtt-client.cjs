/** The two classes of mqtt.js that the product uses, without what `connect()` brings, and with two caches put right. */

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
