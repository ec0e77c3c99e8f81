package io.rollguard.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;

/** What {@code --help} says, of every command. */
class HelpTest {

    private static Stream<CommandLine> commands() {
        return withSubcommands(Main.commandLine(Map.of()));
    }

    private static Stream<CommandLine> withSubcommands(CommandLine command) {
        return Stream.concat(
                Stream.of(command), command.getSubcommands().values().stream().flatMap(HelpTest::withSubcommands));
    }

    /** picocli formats each line; one that can't be makes it warn on stderr, in the middle of the help. */
    @ParameterizedTest
    @MethodSource("commands")
    void everyLineCanBeFormatted(CommandLine command) {
        var spec = command.getCommandSpec();
        var lines = Stream.concat(
                Stream.of(spec.usageMessage().description()),
                spec.args().stream().flatMap(arg -> Stream.of(arg.description())));

        assertThat(lines)
                .isNotEmpty()
                .allSatisfy(line -> assertThatCode(() -> String.format(line)).doesNotThrowAnyException());
    }
}
