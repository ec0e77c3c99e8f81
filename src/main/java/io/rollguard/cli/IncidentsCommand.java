package io.rollguard.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.io.PrintWriter;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code ./rollguard incidents}: what a service that runs suspects and does, and what a person says to it. */
@Command(
        name = "incidents",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Shows the incidents of a running service, and decides about them.",
            "",
            "An incident is named by its id, by any unique beginning of it, or by",
            "namespace/name where only one of that workload is open.",
            ""
        },
        exitCodeListHeading = "%nExit status:%n",
        exitCodeList = {"0:done", "1:the service did not follow it; it says why", "2:wrong usage, or no service"})
final class IncidentsCommand implements Runnable {

    /** The service shows no more at once. */
    private static final int MOST = 1000;

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(
                spec.commandLine(),
                "Incidents: what? There are: "
                        + String.join(", ", spec.subcommands().keySet()));
    }

    @Command(name = "list", mixinStandardHelpOptions = true, description = "Lists those that are open, newest first.")
    int list(
            @Mixin RunningService service,
            @Option(names = "--all", description = "the closed ones too") boolean all,
            @Option(names = "--output", paramLabel = "text|json", description = "for people (default) or for scripts")
                    JudgeCommand.@Nullable Output output)
            throws UnreadableInput {
        var listed = JsonNodeFactory.instance.arrayNode();
        incidents(service).stream().filter(each -> all || isOpen(each)).forEach(listed::add);
        if (output == JudgeCommand.Output.json) {
            out().println(listed);
        } else {
            out().print(IncidentText.list(listed, all, Instant.now()));
        }
        return 0;
    }

    @Command(name = "show", mixinStandardHelpOptions = true, description = "Shows one: what, why, and what was done.")
    int show(
            @Mixin RunningService service,
            @Parameters(paramLabel = "INCIDENT") String name,
            @Option(names = "--output", paramLabel = "text|json", description = "for people (default) or for scripts")
                    JudgeCommand.@Nullable Output output)
            throws UnreadableInput {
        var sheet = sheet(service, name);
        if (output == JudgeCommand.Output.json) {
            out().println(sheet);
        } else {
            out().print(IncidentText.sheet(sheet));
        }
        return 0;
    }

    @Command(
            name = "approve",
            mixinStandardHelpOptions = true,
            description = "Lets Rollguard do what mode approve asks for.")
    int approve(
            @Mixin RunningService service,
            @Parameters(paramLabel = "INCIDENT") String name,
            @Option(
                            names = "--seen",
                            paramLabel = "VERSION",
                            description = "only if nothing has changed since this version; else as it is now")
                    @Nullable
                    Long seen)
            throws UnreadableInput {
        return ask(service, name, "approve", seen);
    }

    @Command(
            name = "dismiss",
            mixinStandardHelpOptions = true,
            description = "Leaves the release alone and closes the incident.")
    int dismiss(
            @Mixin RunningService service,
            @Parameters(paramLabel = "INCIDENT") String name,
            @Option(
                            names = "--seen",
                            paramLabel = "VERSION",
                            description = "only if nothing has changed since this version; else as it is now")
                    @Nullable
                    Long seen)
            throws UnreadableInput {
        return ask(service, name, "dismiss", seen);
    }

    @Command(
            name = "retry",
            mixinStandardHelpOptions = true,
            description = "Lets Rollguard try once more after it has given up.")
    int retry(
            @Mixin RunningService service,
            @Parameters(paramLabel = "INCIDENT") String name,
            @Option(
                            names = "--seen",
                            paramLabel = "VERSION",
                            description = "only if nothing has changed since this version; else as it is now")
                    @Nullable
                    Long seen)
            throws UnreadableInput {
        return ask(service, name, "retry", seen);
    }

    /** Of the version that is shown to the person here, so that nothing is decided that was not seen. */
    private int ask(RunningService service, String name, String command, @Nullable Long seen) throws UnreadableInput {
        var sheet = sheet(service, name);
        out().println(IncidentText.summary(sheet));
        out().flush();
        var body = JsonNodeFactory.instance.objectNode();
        body.put("version", seen == null ? sheet.path("version").asLong() : seen);
        var reply = service.post("/incidents/%s/%s".formatted(sheet.path("id").asText(), command), body);
        if (reply.status() == 409) {
            spec.commandLine().getErr().println("rollguard: not followed: " + IncidentText.printable(reply.problem()));
            return 1;
        }
        if (!reply.isSuccess()) {
            throw new UnreadableInput(RunningService.refused(reply));
        }
        out().println(IncidentText.asked(command, reply.json()));
        return 0;
    }

    private static JsonNode sheet(RunningService service, String name) throws UnreadableInput {
        return service.found("/incidents/" + id(service, name));
    }

    private static String id(RunningService service, String name) throws UnreadableInput {
        if (name.matches("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")) {
            return name;
        }
        var known = incidents(service);
        var matches = known.stream().filter(each -> isNamed(each, name)).toList();
        if (matches.size() == 1) {
            return matches.getFirst().path("id").asText();
        }
        if (matches.isEmpty()) {
            throw new UnreadableInput("no incident is named '%s' (`./rollguard incidents list --all` shows %d)"
                    .formatted(name, known.size()));
        }
        throw new UnreadableInput("'%s' names %d incidents; give more of the id".formatted(name, matches.size()));
    }

    private static boolean isNamed(JsonNode incident, String name) {
        var workload = incident.path("workload");
        var shortName = workload.path("namespace").asText() + "/"
                + workload.path("name").asText();
        return incident.path("id").asText().startsWith(name) || (isOpen(incident) && shortName.equals(name));
    }

    private static boolean isOpen(JsonNode incident) {
        return !incident.path("state").asText().equals("closed");
    }

    private static List<JsonNode> incidents(RunningService service) throws UnreadableInput {
        var items = new ArrayList<JsonNode>();
        service.found("/incidents?limit=" + MOST).path("items").forEach(items::add);
        return items;
    }

    private PrintWriter out() {
        return spec.commandLine().getOut();
    }
}
