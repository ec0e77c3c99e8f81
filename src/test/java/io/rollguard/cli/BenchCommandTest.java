package io.rollguard.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Map;
import org.junit.jupiter.api.Test;

class BenchCommandTest {

    private final StringWriter err = new StringWriter();

    private int run(String... args) {
        return Main.commandLine(Map.of())
                .setErr(new PrintWriter(err, true))
                .setOut(new PrintWriter(new StringWriter()))
                .execute(args);
    }

    @Test
    void withoutAWordItSaysWhichThereAre() {
        assertThat(run("bench")).isEqualTo(2);
        assertThat(err.toString()).contains("Which benchmark? There are: ").contains("Try: ./rollguard bench --help");
    }
}
