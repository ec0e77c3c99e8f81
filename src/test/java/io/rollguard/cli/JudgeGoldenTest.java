package io.rollguard.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine.Help;

/**
 * Every directory under src/test/resources/judge is a case. {@code -Drollguard.golden=write} writes what comes out, for a
 * person to read before it is committed.
 */
class JudgeGoldenTest {

    private static final Path CASES = Path.of("src/test/resources/judge");
    private static final Set<String> MUST =
            Set.of("in-objects.yaml", "in-webhook.json", "out-verdict.json", "out-verdict.txt");
    private static final String ENVIRONMENT = "in-environment.properties";

    static Stream<Path> cases() throws IOException {
        try (var directories = Files.list(CASES)) {
            return directories.sorted().toList().stream();
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void judgesAsRecorded(Path directory) throws IOException {
        var json = judge(directory, "json");
        var text = judge(directory, "text");

        if ("write".equals(System.getProperty("rollguard.golden"))) {
            Files.writeString(directory.resolve("out-verdict.json"), json.out());
            Files.writeString(directory.resolve("out-verdict.txt"), text.out());
        }
        assertThat(json.out()).isEqualTo(Files.readString(directory.resolve("out-verdict.json")));
        assertThat(text.out()).isEqualTo(Files.readString(directory.resolve("out-verdict.txt")));
        assertThat(json.err() + text.err()).isEmpty();
        assertThat(json.status()).isEqualTo(json.out().contains("\"GUILTY\"") ? 1 : 0);
        assertThat(text.status()).isEqualTo(json.status());
    }

    @ParameterizedTest
    @MethodSource("cases")
    void isRepeatableToTheByte(Path directory) throws IOException {
        assertThat(judge(directory, "json").out())
                .isEqualTo(judge(directory, "json").out());
    }

    @ParameterizedTest
    @MethodSource("cases")
    void holdsNothingElse(Path directory) throws IOException {
        try (var files = Files.list(directory)) {
            var names = new TreeSet<>(
                    files.map(file -> file.getFileName().toString()).toList());
            names.remove(ENVIRONMENT);
            assertThat(names).isEqualTo(new TreeSet<>(MUST));
        }
    }

    @Test
    void thereAreCases() throws IOException {
        assertThat(cases().count()).isGreaterThanOrEqualTo(10);
    }

    private record Result(int status, String out, String err) {}

    private static Result judge(Path directory, String output) throws IOException {
        var out = new StringWriter();
        var err = new StringWriter();
        int status = Main.commandLine(environment(directory))
                .setColorScheme(Help.defaultColorScheme(Help.Ansi.OFF))
                .setOut(new PrintWriter(out))
                .setErr(new PrintWriter(err))
                .execute(
                        "judge",
                        "--cluster",
                        directory.resolve("in-objects.yaml").toString(),
                        "--alerts",
                        directory.resolve("in-webhook.json").toString(),
                        "--output",
                        output);
        return new Result(status, out.toString(), err.toString());
    }

    private static Map<String, String> environment(Path directory) throws IOException {
        var environment = new HashMap<String, String>();
        var file = directory.resolve(ENVIRONMENT);
        if (Files.exists(file)) {
            var properties = new Properties();
            try (var in = Files.newInputStream(file)) {
                properties.load(in);
            }
            properties.stringPropertyNames().forEach(name -> environment.put(name, properties.getProperty(name)));
        }
        return environment;
    }
}
