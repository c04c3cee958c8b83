"""Un import, dans un processus à lui, pour en mesurer la mémoire."""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path

from jalon.cli.environnement import preparer_django


def main() -> None:
    preparer_django()
    from jalon.echanges.services import importer_flux

    etapes: list[tuple[str, float]] = []
    depart = time.perf_counter()

    def noter(etape: str, _pourcentage: int) -> None:
        if not etapes or etapes[-1][0] != etape:
            etapes.append((etape, round(time.perf_counter() - depart, 1)))

    resultat = importer_flux(Path(sys.argv[1]), progression=noter)
    json.dump(
        {
            "duree": time.perf_counter() - depart,
            "memoire_mo": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            "etapes": etapes,
            "foyers": resultat.rapport["foyers"],
        },
        sys.stdout,
    )


if __name__ == "__main__":
    main()
