package io.rollguard.kubernetes;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** A namespace of some control plane, watched from the beginning of a test to its end. */
abstract class InAShop {

    Shop shop;

    abstract Shop open();

    @BeforeEach
    void begin() {
        shop = open();
        shop.watched();
    }

    @AfterEach
    void end() {
        shop.close();
        afterwards();
    }

    void afterwards() {}
}
