package io.rollguard.sandbox.bench;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What a benchmark found.
 *
 * @param targets the first is the one that the benchmark is known by; all must be held
 * @param text tables for people
 * @param raw the figures behind the ratios, by name: numbers, texts, and lists and maps of them
 */
public record Report(String name, List<Target> targets, String text, Map<String, ?> raw) {

    private static final ObjectMapper JSON = new ObjectMapper();

    public Report {
        if (targets.isEmpty()) {
            throw new IllegalArgumentException("a benchmark without a target says nothing");
        }
        targets = List.copyOf(targets);
        raw = Collections.unmodifiableMap(new LinkedHashMap<>(raw));
    }

    public boolean held() {
        return targets.stream().allMatch(Target::held);
    }

    /** The tables, and each target with what became of it. */
    @Override
    public String text() {
        return targets.stream().map(Target::toString).collect(Collectors.joining("\n", text.strip() + "\n\n", ""));
    }

    /** One line; {@code ratio} and {@code target} are those of the first target, {@code held} is about all of them. */
    public String json() {
        var json = new LinkedHashMap<String, @Nullable Object>();
        json.put("name", name);
        json.put("ratio", orNull(targets.getFirst().ratio()));
        json.put("target", targets.getFirst().bound());
        json.put("held", held());
        var each = new ArrayList<Map<String, @Nullable Object>>();
        for (var target : targets) {
            var one = new LinkedHashMap<String, @Nullable Object>();
            one.put("what", target.what());
            one.put("ratio", orNull(target.ratio()));
            one.put("side", target.side().name().toLowerCase(java.util.Locale.ROOT));
            one.put("target", target.bound());
            one.put("held", target.held());
            each.add(one);
        }
        json.put("targets", each);
        json.put("raw", raw);
        try {
            return JSON.writeValueAsString(json);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("the figures of " + name + " can't be written as JSON", e);
        }
    }

    /** JSON knows no NaN. */
    private static @Nullable Object orNull(double number) {
        return Double.isFinite(number) ? number : null;
    }
}
