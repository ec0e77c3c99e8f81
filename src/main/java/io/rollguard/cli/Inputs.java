package io.rollguard.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.yaml.snakeyaml.LoaderOptions;

/** Files as given on the command line, {@code -} being standard input. */
final class Inputs {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final ObjectMapper YAML =
            new ObjectMapper(YAMLFactory.builder().loaderOptions(limitless()).build());

    private final InputStream standardInput;

    Inputs(InputStream standardInput) {
        this.standardInput = standardInput;
    }

    /** All pods of a large cluster are far more than a YAML reader takes by default. */
    private static LoaderOptions limitless() {
        var options = new LoaderOptions();
        options.setCodePointLimit(Integer.MAX_VALUE);
        return options;
    }

    /** As messages name it. */
    static String name(String file) {
        return file.equals("-") ? "standard input" : file;
    }

    byte[] bytes(String file) throws UnreadableInput {
        try {
            var bytes = file.equals("-") ? standardInput.readAllBytes() : Files.readAllBytes(Path.of(file));
            if (new String(bytes, StandardCharsets.UTF_8).isBlank()) {
                throw new UnreadableInput(name(file) + ": empty");
            }
            return bytes;
        } catch (NoSuchFileException e) {
            throw new UnreadableInput(name(file) + ": no such file");
        } catch (AccessDeniedException e) {
            throw new UnreadableInput(name(file) + ": not readable for you");
        } catch (IOException | InvalidPathException e) {
            throw new UnreadableInput(name(file) + ": can't be read as a file");
        }
    }

    /** The documents of a YAML or JSON file. */
    List<JsonNode> documents(String file) throws UnreadableInput {
        var bytes = bytes(file);
        return values(file, bytes, isJson(bytes) ? JSON : YAML);
    }

    /** The values of a JSON file: one, an array of them, or one after the other. */
    List<JsonNode> jsonValues(String file) throws UnreadableInput {
        var values = new ArrayList<JsonNode>();
        for (var value : values(file, bytes(file), JSON)) {
            if (value.isArray()) {
                value.forEach(values::add);
            } else {
                values.add(value);
            }
        }
        return values;
    }

    private static boolean isJson(byte[] bytes) {
        for (byte b : bytes) {
            if (!Character.isWhitespace(b)) {
                return b == '{' || b == '[';
            }
        }
        return false;
    }

    private static List<JsonNode> values(String file, byte[] bytes, ObjectMapper reader) throws UnreadableInput {
        try (var values = reader.readerFor(JsonNode.class).<JsonNode>readValues(bytes)) {
            var all = new ArrayList<JsonNode>();
            while (values.hasNextValue()) {
                var value = values.nextValue();
                if (value != null && !value.isNull() && !value.isMissingNode()) {
                    all.add(value);
                }
            }
            return all;
        } catch (JsonProcessingException e) {
            var at = e.getLocation();
            throw new UnreadableInput("%s: line %d, column %d: not %s"
                    .formatted(
                            name(file),
                            at == null ? 1 : Math.max(1, at.getLineNr()),
                            at == null ? 1 : Math.max(1, at.getColumnNr()),
                            reader == JSON ? "JSON" : "YAML"));
        } catch (IOException e) {
            throw new UnreadableInput(name(file) + ": can't be read");
        }
    }
}
