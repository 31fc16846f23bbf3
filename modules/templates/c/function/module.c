/* @ID@: answers an event with the CRC-32 of its data, as eight hexadecimal digits of text. */
#include "tidegate.h"

/* The polynomial of ISO-HDLC, as in Ethernet, gzip and PNG; its bits in reverse. */
#define POLYNOMIAL 0xedb88320u

static uint32_t crc32(tg_octets octets)
{
	uint32_t sum = 0xffffffffu;
	for (uint32_t i = 0; i < octets.length; i++) {
		sum ^= octets.from[i];
		for (int bit = 0; bit < 8; bit++) sum = sum & 1 ? (sum >> 1) ^ POLYNOMIAL : sum >> 1;
	}
	return ~sum;
}

/* This function takes no configuration. */
TG_EXPORT(gw_init) int32_t gw_init(int32_t len) { return (void)len, 0; }

/* One event. Returns the octets of the reply; a result below 0 would have the gateway try the event again later. */
TG_EXPORT(gw_on_event) int32_t gw_on_event(int32_t len)
{
	tg_event event;
	int32_t fault = tg_open_event(len, &event);
	if (fault < 0) return fault;
	uint32_t sum = crc32(event.data);
	char digits[8];
	for (int i = 0; i < 8; i++) digits[i] = "0123456789abcdef"[(sum >> (28 - 4 * i)) & 15];
	tg_begin_reply();
	/* Callers over HTTP see these; other triggers ignore the reply. */
	tg_reply_attribute("status", "200");
	tg_reply_attribute("datacontenttype", "text/plain");
	tg_reply_octets(digits, sizeof digits);
	return tg_seal_reply();
}
