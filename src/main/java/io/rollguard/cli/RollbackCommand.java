package io.rollguard.cli;

import com.fasterxml.jackson.databind.JsonNode;
import io.rollguard.release.Kind;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code ./rollguard rollback}: what a person types at three in the morning. */
@Command(
        name = "rollback",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Rolls a workload back by hand, through a running service, and waits until pods and traffic are there.",
            "",
            "Where it goes is the last revision known to be good, or --to. Nobody judges the release; all else is as when",
            "Rollguard acts by itself: the log, a snapshot, the tests in the request, verification, Slack.",
            ""
        },
        exitCodeListHeading = "%nExit status:%n",
        exitCodeList = {
            "0:done, or with --dry-run: it would be",
            "1:refused, or not verified; it says why",
            "2:wrong usage, no service, or no such workload"
        })
final class RollbackCommand implements Callable<Integer> {

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Mixin
    @SuppressWarnings("NullAway.Init") // set by picocli
    private RunningService service;

    @Parameters(paramLabel = "KIND/NAME", description = "rollout, deployment, statefulset or daemonset, and its name")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private String workload;

    @Option(
            names = {"-n", "--namespace"},
            required = true,
            paramLabel = "NAMESPACE",
            description = "where it is")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private String namespace;

    @Option(
            names = "--to",
            paramLabel = "HASH",
            description = "the revision to go back to; else the last one known to be good")
    private @Nullable String to;

    @Mixin
    @SuppressWarnings("NullAway.Init") // set by picocli
    private RollbackWish wish;

    @Override
    public Integer call() throws UnreadableInput {
        wish.check();
        var named = Named.of(workload, spec);
        return wish.carryOut(new RollbackOrder(service, namespace, named.kind(), named.name()), to);
    }

    /** A workload as people write it, kubectl's short names included. */
    record Named(Kind kind, String name) {

        private static final Map<String, Kind> SHORT =
                Map.of("ro", Kind.ROLLOUT, "deploy", Kind.DEPLOYMENT, "sts", Kind.STATEFULSET, "ds", Kind.DAEMONSET);

        static Named of(String text, CommandSpec spec) {
            int slash = text.indexOf('/');
            if (slash < 1 || slash == text.length() - 1) {
                throw new ParameterException(
                        spec.commandLine(), "'%s' is not <kind>/<name>, as in deployment/search".formatted(text));
            }
            var word = text.substring(0, slash).toLowerCase(Locale.ROOT);
            return Optional.ofNullable(SHORT.get(word))
                    .or(() -> Kind.named(word))
                    .or(() -> Kind.named(word.replaceFirst("s$", "")))
                    .map(kind -> new Named(kind, text.substring(slash + 1)))
                    .orElseThrow(() -> new ParameterException(
                            spec.commandLine(),
                            "'%s' is no kind of workload: say rollout, deployment, statefulset or daemonset"
                                    .formatted(text.substring(0, slash))));
        }
    }

    static String words(JsonNode reason) {
        return reason.path("text").asText() + " (" + reason.path("code").asText() + ")";
    }
}
