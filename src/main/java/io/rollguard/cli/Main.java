package io.rollguard.cli;

import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The commands that don't serve; {@code ./rollguard} starts it. Exit status: 0 fine, 1 found something, 2 usage. */
@Command(
        name = "rollguard",
        mixinStandardHelpOptions = true,
        description = "Takes a bad release back the moment its alerts fire, and can say why.",
        subcommands = {
            JudgeCommand.class,
            DemoCommand.class,
            BenchCommand.class,
            IncidentsCommand.class,
            RollbackCommand.class,
            SnapshotsCommand.class,
            AutomationCommand.Pause.class,
            AutomationCommand.Resume.class
        })
public final class Main implements Runnable {

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    public static void main(String[] args) {
        var out = new PrintWriter(System.out, false, StandardCharsets.UTF_8);
        var err = new PrintWriter(System.err, true, StandardCharsets.UTF_8);
        int status = commandLine(System.getenv()).setOut(out).setErr(err).execute(args);
        out.flush();
        System.exit(status);
    }

    /** @param environment what configures a command, as environment variables do */
    public static CommandLine commandLine(Map<String, String> environment) {
        return new CommandLine(new Main(), new Commands(environment))
                .setExecutionExceptionHandler(Main::tell)
                .setParameterExceptionHandler(Main::refuse);
    }

    @Override
    public void run() {
        throw new ParameterException(
                spec.commandLine(),
                "Which command? There are: "
                        + String.join(", ", spec.subcommands().keySet()));
    }

    private static int tell(Exception problem, CommandLine command, CommandLine.ParseResult result) throws Exception {
        if (problem instanceof UnreadableInput unreadable) {
            command.getErr().println("rollguard: " + unreadable.getMessage());
            return 2;
        }
        throw problem;
    }

    /** One line, with the nearest right word. */
    private static int refuse(ParameterException problem, String[] args) {
        var err = problem.getCommandLine().getErr();
        err.println("rollguard: " + problem.getMessage());
        CommandLine.UnmatchedArgumentException.printSuggestions(problem, err);
        err.println("Try: ./rollguard " + path(problem.getCommandLine()) + "--help");
        return 2;
    }

    private static String path(CommandLine command) {
        var parent = command.getParent();
        return parent == null ? "" : path(parent) + command.getCommandName() + " ";
    }

    /** Makes the commands; those that read the environment are given it. */
    private record Commands(Map<String, String> environment) implements CommandLine.IFactory {
        @Override
        public <K> K create(Class<K> type) throws Exception {
            return type == JudgeCommand.class
                    ? type.cast(new JudgeCommand(environment))
                    : CommandLine.defaultFactory().create(type);
        }
    }
}
