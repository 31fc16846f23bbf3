/** Answers an event with JSON: its attributes, and how many octets of data it has. For trying out triggers, and a pattern for functions. */
import {
  attributeName,
  attributeNameOctets,
  attributeValue,
  attributeValueOctets,
  eventDataOctets,
  nextAttribute,
  openEvent,
} from '../../sdk-as/assembly/events';
import { addReplyAttribute, addReplyOctets, addReplyText, beginReply, sealReply } from '../../sdk-as/assembly/reply';
import { addNumberText, beginText, textFrom, textOctets } from '../../sdk-as/assembly/text';
import { addReplyJson } from './json';

export * from '../../sdk-as/assembly/exports';

/** It takes no configuration, whatever stands there. */
export function gw_init(len: i32): i32 {
  return 0;
}

export function gw_on_event(len: i32): i32 {
  const fault = openEvent(len);
  if (fault < 0) return fault;
  beginReply();
  addReplyAttribute('status', '200');
  addReplyAttribute('datacontenttype', 'application/json');
  addReplyText('{"attributes":{');
  for (let isFirst = true; nextAttribute(); isFirst = false) {
    if (!isFirst) addReplyText(',');
    addReplyJson(attributeName(), attributeNameOctets());
    addReplyText(':');
    addReplyJson(attributeValue(), attributeValueOctets());
  }
  addReplyText('},"dataOctets":');
  beginText();
  addNumberText(<f64>eventDataOctets());
  addReplyOctets(textFrom(), textOctets());
  addReplyText('}');
  const octets = sealReply();
  return octets < 0 ? refuse() : octets;
}

/** Attributes that JSON makes too long would be so the next time too: an answer, not an error to try again after. */
function refuse(): i32 {
  beginReply();
  addReplyAttribute('status', '413');
  return sealReply();
}
