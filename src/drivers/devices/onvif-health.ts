/** Any ONVIF camera or recorder, of which no picture is ever asked; and its answers about time and name. */
import { onvifHealth } from "../families/net/onvif-camera.ts";

const options = { host: "10.20.0.41" };
const withLogin = { host: "10.20.0.41", user: "cippo", credentials: { password: "cam-1.password" } };

export const onvifCamera = onvifHealth({
  type: "onvif-health",
  title: { it: "Telecamera ONVIF: solo il suo stato, senza immagini", en: "ONVIF camera: its health only, without pictures" },
  goldens: [
    {
      name: "its time, with ends of lines between its parts",
      rx: String.raw`HTTP/1.1 200 OK\r\nContent-Type: application/soap+xml\r\n\r\n<env:Envelope xmlns:env="http://www.w3.org/2003/05/soap-envelope"><env:Body><tds:GetSystemDateAndTimeResponse><tds:SystemDateAndTime><tt:UTCDateTime><tt:Time><tt:Hour>9</tt:Hour>\r\n<tt:Minute>55</tt:Minute>\r\n<tt:Second>37</tt:Second>\r\n</tt:Time>\r\n<tt:Date><tt:Year>2020</tt:Year>\r\n<tt:Month>5</tt:Month>\r\n<tt:Day>24</tt:Day>\r\n</tt:Date>\r\n</tt:UTCDateTime>\r\n</tds:SystemDateAndTime>\r\n</tds:GetSystemDateAndTimeResponse>\r\n</env:Body>\r\n</env:Envelope>`,
      options,
      expect: { alive: true, clock: "2020-05-24T09:55:37.000Z" },
      source: "capture in home-assistant/core issue 36069; its envelope constructed",
    },
    {
      name: "a time that it does not say in UTC",
      rx: String.raw`HTTP/1.1 200 OK\r\n\r\n<s:Envelope><s:Body><tds:GetSystemDateAndTimeResponse><tds:SystemDateAndTime><tt:DateTimeType>Manual</tt:DateTimeType></tds:SystemDateAndTime></tds:GetSystemDateAndTimeResponse></s:Body></s:Envelope>`,
      options,
      expect: { alive: true, clock: null },
      source: "constructed: ONVIF Core, GetSystemDateAndTime: UTCDateTime may be left out",
    },
    {
      name: "who it is",
      rx: String.raw`HTTP/1.1 200 OK\r\n\r\n<s:Envelope><s:Body><tds:GetDeviceInformationResponse><tds:Manufacturer>Hanwha &amp; Co</tds:Manufacturer><tds:Model>XNV-6080</tds:Model><tds:FirmwareVersion>1.41.04</tds:FirmwareVersion><tds:SerialNumber/><tds:HardwareId>1</tds:HardwareId></tds:GetDeviceInformationResponse></s:Body></s:Envelope>`,
      options: withLogin,
      expect: {
        authorised: true,
        manufacturer: "Hanwha & Co",
        model: "XNV-6080",
        firmware: "1.41.04",
        "serial-number": null,
      },
      source: "constructed: ONVIF Core, GetDeviceInformation, with made-up values",
    },
    {
      name: "it does not know who asks",
      rx: String.raw`HTTP/1.1 400 Bad Request\r\n\r\n<s:Envelope xmlns:ter="http://www.onvif.org/ver10/error"><s:Body><s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value>ter:NotAuthorized</s:Value></s:Subcode></s:Code></s:Fault></s:Body></s:Envelope>`,
      options: withLogin,
      expect: { authorised: false },
      source: "constructed: ONVIF Core, fault ter:NotAuthorized",
    },
    {
      name: "a page of a router",
      rx: String.raw`HTTP/1.1 200 OK\r\n\r\n<html><body>Welcome</body></html>`,
      options,
      expect: "refused",
      source: "constructed: no SOAP",
    },
  ],
});
