"""Le quorum : qui est là, qui manque, et ce qui peut se décider."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from jalon.instances.models import EtatPresence, PresenceSeance, QualiteMembre, Seance

COMPTENT = frozenset({EtatPresence.PRESENT, EtatPresence.REPRESENTE})
ETAIENT_LA = COMPTENT | {EtatPresence.PARTI}
_PERSONNE: Final[Mapping[str, int]] = MappingProxyType({})


@dataclass(frozen=True)
class Quorum:
    """Présents ou représentés, nombre exigé, et qualités nécessaires qui manquent."""

    presents: int
    requis: int
    manquent: tuple[str, ...]
    absents: tuple[str, ...]

    @property
    def atteint(self) -> bool:
        return self.presents >= self.requis and not self.manquent

    @property
    def phrase(self) -> str:
        """Ce qu'il en est, en une phrase : le compte, puis ce qui manque."""
        compte = f"{self.presents} {'membres présents ou représentés' if self.presents > 1 else 'membre présent'}"
        if self.atteint:
            return f"Quorum atteint : {compte} pour {self.requis} exigés."
        manques = []
        if self.presents < self.requis:
            nombre = self.requis - self.presents
            manques.append(f"il en faut {nombre} de plus")
        if self.manquent:
            manques.append(f"personne ne siège pour {', '.join(self.manquent)}")
        return f"Quorum non atteint : {compte} pour {self.requis} exigés ; {' et '.join(manques)}."


def presences(seance: Seance) -> list[PresenceSeance]:
    """Présences de la séance, dans l'ordre des qualités."""
    return list(
        PresenceSeance.objects.filter(seance=seance)
        .select_related(
            "membre__qualite", "membre__agent", "membre__organisme", "represente_par__agent", "represente_par__qualite"
        )
        .order_by("membre__qualite__ordre", "membre_id")
    )


def occupant(presence: PresenceSeance) -> int:
    """Clé du membre qui tient ce siège : le titulaire, ou le suppléant qui le représente."""
    return presence.represente_par_id or presence.membre_id


def sieges_tenus(seance: Seance) -> dict[str, int]:
    """Qui siège à cet instant : clé du titulaire → clé de qui tient son siège. Se fige avec ce qui est décidé."""
    return {str(p.membre_id): occupant(p) for p in presences(seance) if p.etat in COMPTENT}


def compte(presence: PresenceSeance, sauf: Collection[int] = (), vus: Mapping[str, int] = _PERSONNE) -> bool:
    """Ce siège est tenu, ou l'était parmi les `vus`, par quelqu'un qui n'est pas de `sauf`.

    Partir ensuite n'y change rien ; être noté absent dit qu'on n'était pas là.
    """
    if presence.etat in COMPTENT and occupant(presence) not in sauf:
        return True
    alors = vus.get(str(presence.membre_id))
    return alors is not None and alors not in sauf and presence.etat in ETAIENT_LA


def calculer_quorum(
    seance: Seance,
    lues: Collection[PresenceSeance],
    qualites: Collection[QualiteMembre],
    sauf: Collection[int] = (),
    *,
    vus: Mapping[str, int] = _PERSONNE,
) -> Quorum:
    """Quorum d'une séance ou, avec `sauf`, d'un dossier dont ces membres se sont retirés.

    `vus` : qui siégeait quand il fut examiné (`sieges_tenus`) ; un départ ensuite ne le défait pas. Un titulaire présent
    ou représenté compte une fois ; un suppléant qui s'est retiré ne représente plus personne.
    """
    comptes = [p for p in lues if compte(p, sauf, vus)]
    tenues = {p.membre.qualite_id for p in comptes}
    return Quorum(
        presents=len(comptes),
        requis=seance.instance.type.quorum,
        manquent=tuple(q.libelle for q in qualites if q.requise and q.pk not in tenues),
        absents=tuple(p.membre.nom for p in lues if not compte(p, (), vus)),
    )


def qualites_du_type(seance: Seance) -> list[QualiteMembre]:
    return list(QualiteMembre.objects.filter(type=seance.instance.type_id, actif=True).order_by("ordre", "pk"))


def quorum(seance: Seance) -> Quorum:
    """Quorum de la séance à cet instant."""
    return calculer_quorum(seance, presences(seance), qualites_du_type(seance))
