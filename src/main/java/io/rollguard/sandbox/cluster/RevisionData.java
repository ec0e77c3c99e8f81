package io.rollguard.sandbox.cluster;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/**
 * The trap in {@code data} of a ControllerRevision: kube-apiserver keeps it as sent and compares it as text. Where it was
 * sent with blanks between its parts, or with a raw {@code &}, {@code <} or {@code >}, Go writes it differently and
 * every later patch, even of a label, is refused as a change of an immutable field.
 */
final class RevisionData {

    private static final JsonFactory JSON = new JsonFactory();

    private RevisionData() {}

    /**
     * @param body the whole object as it was sent
     */
    static boolean isAsGoWritesIt(byte[] body) {
        String data = new String(body, StandardCharsets.UTF_8);
        try (JsonParser parser = JSON.createParser(data)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                return true;
            }
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                boolean found = parser.currentName().equals("data");
                parser.nextToken();
                int start = (int) parser.currentTokenLocation().getCharOffset();
                parser.skipChildren();
                if (found) {
                    return isCompact(
                            data.substring(start, (int) parser.currentLocation().getCharOffset()));
                }
            }
            return true;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static boolean isCompact(String json) {
        boolean quoted = false;
        for (int i = 0; i < json.length(); i++) {
            char c = json.charAt(i);
            if (c == '\\') {
                i++;
            } else if (c == '"') {
                quoted = !quoted;
            } else if (c == '&' || c == '<' || c == '>' || c == '\u2028' || c == '\u2029') {
                return false;
            } else if (!quoted && Character.isWhitespace(c)) {
                return false;
            }
        }
        return true;
    }
}
