package io.rollguard;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.core.domain.JavaCall.Predicates.target;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.nameMatching;
import static com.tngtech.archunit.core.domain.properties.HasOwner.Predicates.With.owner;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.ArchConfiguration;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Holds the arrows between the packages: a pure core inside, edges outside, no edge knows another, no cycles. */
class ArchitectureTest {

    private static final String ROOT = "io.rollguard";
    private static final String WRONG = "io.rollguard.wrong";

    private static final List<String> PURE = List.of("alert", "release", "verdict", "policy", "incident");

    /** Which packages of ours each package may import besides itself; a package that is missing here is a mistake. */
    private static final Map<String, List<String>> MAY_IMPORT = Map.ofEntries(
            Map.entry("alert", PURE),
            Map.entry("release", PURE),
            Map.entry("verdict", PURE),
            Map.entry("policy", PURE),
            Map.entry("incident", PURE),
            Map.entry("reactor", PURE),
            Map.entry("wire", and(PURE, "reactor")),
            Map.entry("config", and(PURE, "reactor")),
            // puts the service together, so it knows every part of it
            Map.entry(
                    "service",
                    and(
                            PURE,
                            "reactor",
                            "wire",
                            "config",
                            "metrics",
                            "http",
                            "ingest",
                            "kafka",
                            "kubernetes",
                            "prometheus",
                            "slack",
                            "api")),
            Map.entry("http", List.of()),
            Map.entry("metrics", and(PURE, "reactor", "config")),
            Map.entry("ingest", and(PURE, "reactor", "wire", "config", "http", "metrics")),
            Map.entry("kafka", and(PURE, "reactor", "wire", "config", "metrics")),
            Map.entry("kubernetes", and(PURE, "reactor", "wire", "config", "metrics")),
            Map.entry("prometheus", and(PURE, "reactor", "config")),
            Map.entry("slack", and(PURE, "reactor", "wire", "config", "metrics")),
            Map.entry("api", and(PURE, "reactor", "wire", "config", "http")));

    /** Nobody imports these; they may import everything. */
    private static final List<String> OUTERMOST = List.of("cli", "sandbox", "service");

    private static JavaClasses product;

    @BeforeAll
    static void readTheClasses() {
        ArchConfiguration.get().setResolveMissingDependenciesFromClassPath(false);
        product = new ClassFileImporter()
                .withImportOption(new ImportOption.DoNotIncludeTests())
                .importPackages(ROOT);
    }

    @ParameterizedTest
    @MethodSource("rulesOfTheProduct")
    void theProductKeeps(ArchRule rule) {
        rule.allowEmptyShould(true).check(product);
    }

    @ParameterizedTest
    @MethodSource("rulesOfTheWrongExample")
    void theWrongExampleBreaks(ArchRule rule) {
        JavaClasses wrong = new ClassFileImporter().importPackages(WRONG);

        assertThat(rule.allowEmptyShould(true).evaluate(wrong).hasViolation()).isTrue();
    }

    @Test
    void everyPackageHasItsPlace() {
        Set<String> known = new TreeSet<>(MAY_IMPORT.keySet());
        known.addAll(OUTERMOST);

        Set<String> found = new TreeSet<>();
        product.forEach(type -> found.add(packageOf(ROOT, type)));

        found.remove(""); // the root package holds nothing but its own description
        assertThat(found).isNotEmpty();
        assertThat(known).containsAll(found);
    }

    static Stream<ArchRule> rulesOfTheProduct() {
        return Stream.concat(
                MAY_IMPORT.keySet().stream().sorted().map(name -> importsOnlyWhatItMay(ROOT, name)), general(ROOT));
    }

    static Stream<ArchRule> rulesOfTheWrongExample() {
        return Stream.concat(
                Stream.of("alert", "ingest").map(name -> importsOnlyWhatItMay(WRONG, name)), general(WRONG));
    }

    private static Stream<ArchRule> general(String root) {
        return Stream.of(
                pureKnowsOnlyJava(root),
                timeAndChanceAreGiven(root),
                nobodyImportsTheOutermost(root),
                slices().matching(root + ".(*)..").should().beFreeOfCycles());
    }

    private static ArchRule importsOnlyWhatItMay(String root, String name) {
        List<String> allowed = new ArrayList<>(MAY_IMPORT.get(name));
        allowed.add(name);
        return noClasses()
                .that()
                .resideInAPackage(root + "." + name + "..")
                .should()
                .dependOnClassesThat(describe(
                        "are ours and outside " + allowed,
                        type -> type.getPackageName().startsWith(root + ".")
                                && !allowed.contains(packageOf(root, type))));
    }

    private static ArchRule pureKnowsOnlyJava(String root) {
        List<String> known = new ArrayList<>(List.of("java..", "org.jspecify.."));
        known.addAll(List.of(packages(root, and(PURE, "reactor"))));
        return classes()
                .that()
                .resideInAnyPackage(packages(root, and(PURE, "reactor")))
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage(known.toArray(String[]::new));
    }

    /** The same input gives the same verdict: neither the time nor chance may come from the machine. */
    private static ArchRule timeAndChanceAreGiven(String root) {
        return noClasses()
                .that()
                .resideInAnyPackage(packages(root, and(PURE, "reactor", "wire")))
                .should()
                .callMethod(Instant.class, "now")
                .orShould()
                .callMethod(System.class, "currentTimeMillis")
                .orShould()
                .callMethod(System.class, "nanoTime")
                .orShould()
                .callMethod(UUID.class, "randomUUID")
                .orShould()
                .callMethodWhere(
                        target(nameMatching("system.*")).and(target(owner(nameMatching(Clock.class.getName())))))
                .orShould()
                .callMethodWhere(
                        target(nameMatching("now|random")).and(target(owner(nameMatching("java\\.(time|lang)\\..*")))));
    }

    private static ArchRule nobodyImportsTheOutermost(String root) {
        return noClasses()
                .that()
                .resideOutsideOfPackages(packages(root, OUTERMOST))
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(packages(root, OUTERMOST));
    }

    private static String packageOf(String root, JavaClass type) {
        String below = type.getPackageName().substring(root.length());
        return below.isEmpty() ? "" : below.substring(1).split("\\.", 2)[0];
    }

    private static String[] packages(String root, List<String> names) {
        return names.stream().map(name -> root + "." + name + "..").toArray(String[]::new);
    }

    private static List<String> and(List<String> some, String... more) {
        return Stream.concat(some.stream(), Arrays.stream(more)).toList();
    }
}
