package io.rollguard.scenario;

/** The races on the simulated cluster. */
class SimulatedRacesIT extends Races {

    SimulatedRacesIT() {
        super(new Simulated(), 60, 8);
    }
}
