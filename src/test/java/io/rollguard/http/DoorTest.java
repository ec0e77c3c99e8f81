package io.rollguard.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quarkus.runtime.configuration.ConfigurationException;
import io.rollguard.http.Door.Access;
import io.rollguard.http.Door.Caller;
import io.rollguard.http.TokenFile.Form;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DoorTest {

    @TempDir
    Path dir;

    Path file;

    @BeforeEach
    void aFileWithTwoNames() throws IOException {
        file = dir.resolve("tokens");
        Files.writeString(file, "# operators\nann:s3cret-of-ann\n\nbob: s3cret-of-bob \n");
    }

    @Test
    void aTokenOpensAndNamesItsOwner() {
        var door = Door.of("rollguard.api.token-file", Optional.of(file), Form.NAMED, true);

        assertThat(door.open(from("10.0.0.9", "Bearer s3cret-of-ann"))).isEqualTo(new Access.Granted("ann"));
        assertThat(door.open(from("10.0.0.9", "bearer s3cret-of-bob"))).isEqualTo(new Access.Granted("bob"));
    }

    @Test
    void basicWithTheTokenAsPasswordOpensAsWell() {
        var door = Door.of("rollguard.api.token-file", Optional.of(file), Form.NAMED, true);
        var basic = Base64.getEncoder().encodeToString("anybody:s3cret-of-ann".getBytes(UTF_8));

        assertThat(door.open(from("10.0.0.9", "Basic " + basic))).isEqualTo(new Access.Granted("ann"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "Bearer",
                "Bearer ",
                "Bearer wrong",
                "Bearer ann:s3cret-of-ann",
                "Bearer ann",
                "Basic !!!",
                "Basic c2VjcmV0",
                "Digest s3cret-of-ann",
                "s3cret-of-ann"
            })
    void everythingElseIsDeniedEvenFromThisMachine(String authorization) {
        var door = Door.of("rollguard.api.token-file", Optional.of(file), Form.NAMED, false);

        assertThat(door.open(from("127.0.0.1", authorization))).isInstanceOf(Access.Denied.class);
        assertThat(door.open(from("127.0.0.1", null))).isInstanceOf(Access.Denied.class);
    }

    @ParameterizedTest
    @CsvSource({
        "127.0.0.1, localhost:8080, false, true",
        "127.0.0.1, 127.0.0.1:8080, false, true",
        "::1, [::1]:8080, false, true",
        "0:0:0:0:0:0:0:1, LOCALHOST, false, true",
        "10.0.0.9, localhost:8080, false, false",
        "127.0.0.1, attacker.example:8080, false, false",
        "127.0.0.1, localhost.attacker.example, false, false",
        "127.0.0.1, localhost:8080, true, false",
        "127.0.0.1, , false, false",
    })
    void withoutTokensOnlyThisMachineIsLetIn(String remote, String host, boolean forwarded, boolean in) {
        var door = Door.of("rollguard.api.token-file", Optional.empty(), Form.NAMED, false);

        var access = door.open(new Caller(null, remote, host, forwarded, false));

        assertThat(access instanceof Access.Granted).isEqualTo(in);
    }

    @Test
    void aWebPageThatIsOpenOnThisMachineIsNotLetInForIt() {
        var door = Door.of("rollguard.api.token-file", Optional.empty(), Form.NAMED, false);

        var access = door.open(new Caller(null, "127.0.0.1", "localhost:8080", false, true));

        assertThat(access).isInstanceOf(Access.Denied.class);
    }

    @Test
    void insideAClusterThereIsNoDoorWithoutTokens() {
        assertThatThrownBy(() -> Door.of("rollguard.api.token-file", Optional.empty(), Form.NAMED, true))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("rollguard.api.token-file");
    }

    @Test
    void aChangedFileIsReadAgainWithinASecond() throws IOException {
        var now = new AtomicLong(Long.MAX_VALUE - 5); // nanoTime may overflow
        var door = Door.of("rollguard.api.token-file", Optional.of(file), Form.NAMED, true, now::get);

        rewrite("ann:another-secret\n");
        now.addAndGet(Duration.ofSeconds(1).toNanos() - 1);
        assertThat(door.open(from("10.0.0.9", "Bearer s3cret-of-ann"))).isEqualTo(new Access.Granted("ann"));
        now.incrementAndGet();

        assertThat(door.open(from("10.0.0.9", "Bearer s3cret-of-ann"))).isInstanceOf(Access.Denied.class);
        assertThat(door.open(from("10.0.0.9", "Bearer another-secret"))).isEqualTo(new Access.Granted("ann"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "# nothing\n", "no colon here\n", ":nameless\n", "ann:\n", "ann:a\nann:b\n"})
    void aChangeThatCanNotBeUsedLeavesTheOldTokensInForce(String content) throws IOException {
        var now = new AtomicLong();
        var door = Door.of("rollguard.api.token-file", Optional.of(file), Form.NAMED, true, now::get);

        rewrite(content);
        now.addAndGet(Duration.ofSeconds(1).toNanos());

        assertThat(door.open(from("10.0.0.9", "Bearer s3cret-of-ann"))).isEqualTo(new Access.Granted("ann"));
    }

    @Test
    void aFileThatIsGoneLeavesTheOldTokensInForceUntilItIsBack() throws IOException {
        var now = new AtomicLong();
        var door = Door.of("rollguard.api.token-file", Optional.of(file), Form.NAMED, true, now::get);

        Files.delete(file);
        now.addAndGet(Duration.ofSeconds(1).toNanos());
        assertThat(door.open(from("10.0.0.9", "Bearer s3cret-of-ann"))).isEqualTo(new Access.Granted("ann"));

        rewrite("ann:another-secret\n");
        now.addAndGet(Duration.ofSeconds(1).toNanos());
        assertThat(door.open(from("10.0.0.9", "Bearer another-secret"))).isEqualTo(new Access.Granted("ann"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "no-colon-but-a-s3cret\n"})
    void aFileThatCanNotBeUsedAtTheStartIsSaidWithoutItsContent(String content) throws IOException {
        Files.writeString(file, content);

        assertThatThrownBy(() -> Door.of("rollguard.api.token-file", Optional.of(file), Form.NAMED, false))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining(file.toString())
                .hasMessageNotContaining("s3cret");
    }

    @Test
    void theLinesOfTheOtherFormAreWholeTokens() throws IOException {
        Files.writeString(file, "hook:token\n");
        var door = Door.of("rollguard.webhook.token-file", Optional.of(file), Form.TOKEN, true);

        assertThat(door.open(from("10.0.0.9", "Bearer hook:token"))).isEqualTo(new Access.Granted("line 1"));
        assertThat(door.open(from("10.0.0.9", "Bearer token"))).isInstanceOf(Access.Denied.class);
    }

    private void rewrite(String content) throws IOException {
        Files.writeString(file, content);
        Files.setLastModifiedTime(file, FileTime.from(Instant.parse("2030-01-01T00:00:00Z")));
    }

    private static Caller from(String remote, @Nullable String authorization) {
        return new Caller(authorization, remote, "localhost:8080", false, false);
    }
}
