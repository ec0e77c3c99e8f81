package io.rollguard.sandbox.slack;

import com.fasterxml.jackson.databind.JsonNode;
import org.jspecify.annotations.Nullable;

/**
 * A message as it stands in a channel.
 *
 * @param ts the channel's name for it
 * @param threadTs of the message that it answers; null for one of the channel itself
 * @param broadcast whether an answer is shown in the channel too
 * @param blocks an array; empty where it has none
 * @param metadata an object; empty where it has none
 * @param edits how often it was updated
 */
public record StoredMessage(
        String channel,
        String ts,
        @Nullable String threadTs,
        boolean broadcast,
        String text,
        JsonNode blocks,
        JsonNode metadata,
        int edits) {

    public boolean isRoot() {
        return threadTs == null;
    }

    /** Its first line: the header where it has one, else the beginning of the text. */
    public String headline() {
        for (var block : blocks) {
            if (block.path("type").asText().equals("header")) {
                return Terminal.unescaped(block.path("text").path("text").asText());
            }
        }
        var end = text.indexOf('\n');
        return Terminal.unescaped(end < 0 ? text : text.substring(0, end));
    }

    StoredMessage edited(String newText, JsonNode newBlocks, @Nullable JsonNode newMetadata) {
        return new StoredMessage(
                channel,
                ts,
                threadTs,
                broadcast,
                newText,
                newBlocks,
                newMetadata == null ? metadata : newMetadata,
                edits + 1);
    }
}
