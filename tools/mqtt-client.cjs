/** mqtt.js goes in; the two of its classes that the product uses come out, without `connect()` and what that brings along: ws, socks, ip-address, lru-cache. */
exports.MqttClient = require("../node_modules/mqtt/build/lib/client.js").default;
exports.UniqueMessageIdProvider = require("../node_modules/mqtt/build/lib/unique-message-id-provider.js").default;
