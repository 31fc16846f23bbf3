/** A name as one level of an MQTT topic: what would split or match topics, and spaces, become `_`. Never empty. */
export function topicLevel(name: string): string {
  return name.replace(/[^\p{L}\p{N}._-]/gu, '_') || '_';
}
