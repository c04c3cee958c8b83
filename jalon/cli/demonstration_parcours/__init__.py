"""Des parcours fictifs pour la démonstration : réunions, recueils, grilles, orientations, référents, séance, lettres.

Tout passe par les mêmes actes que les écrans, au nom des comptes de démonstration : rien n'est écrit à côté des règles
ni du journal. Le tirage est le même à chaque fois pour une même graine. Aucun nom de département ici : les types, les
motifs, les organismes et les territoires sont ceux du profil. Tout est fictif, et le dit.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from django.db import transaction

from jalon.agents.models import Agent
from jalon.cli.demonstration_parcours.decor import (
    EQUIPE_MOBILE,
    Candidat,
    adresse_electronique,
    age_de,
    nommer_les_referents,
    planter,
)
from jalon.cli.demonstration_parcours.manquements import peupler_manquements
from jalon.cli.demonstration_parcours.orientations import (
    echanger,
    evaluer,
    notifier,
    orienter_ailleurs,
    orienter_apres_la_reunion,
    orienter_ici,
    remplir_de_nouveau,
)
from jalon.cli.demonstration_parcours.rencontres import ORDRE_DU_JOUR, preparer_une_seance, tenir_les_reunions
from jalon.cli.demonstration_parcours.suivis import peupler_suivis
from jalon.orientations.models import AttenteOrientation
from jalon.orientations.propositions import avis_de_page
from jalon.referentiels.profil import Profil

__all__ = ["peupler_manquements", "peupler_parcours", "peupler_suivis"]

ORIENTEES_AU_PLUS: Final = 240
ORIENTEES_AU_MOINS: Final = 48
"""Sur une petite population, assez de parcours pour que chaque écran ait de quoi montrer."""


@transaction.atomic
def peupler_parcours(profil: Profil, *, graine: int, dire: Callable[[str], None] = lambda _: None) -> bool:
    """Crée les parcours fictifs ; rend faux s'ils y étaient déjà, ou si personne n'attend d'orientation.

    Tout tient dans une transaction : interrompue, l'étape n'a rien écrit et se refait entière.
    """
    if Agent.objects.filter(email=adresse_electronique(*EQUIPE_MOBILE)).exists():
        return False
    file = list(
        AttenteOrientation.objects.filter(sortie_le=None, territoire__isnull=False, personne__fusionnee_dans=None)
        .select_related("personne")
        .order_by("echeance", "pk")
    )
    if not file:
        return False
    dire("Parcours fictifs : réunions, recueils, grilles, orientations, référents, séance…")
    decor = planter(profil, graine)
    postes = nommer_les_referents(decor)
    invitees = tenir_les_reunions(decor)
    d_ici = [attente for attente in file if attente.territoire_id == decor.territoire.pk]
    gardees = d_ici[: min(ORDRE_DU_JOUR + 4, len(d_ici) // 5)]
    prises = {attente.personne_id for attente in gardees} | set(invitees)
    candidats = [
        (attente.territoire_id, Candidat(attente.personne, attente.entree_le, age_de(decor, attente.personne)))
        for attente in file
        if attente.personne_id not in prises
    ]
    decor.alea.shuffle(candidats)
    combien = max(ORIENTEES_AU_MOINS, min(ORIENTEES_AU_PLUS, len(file) // 10))
    ici = [c for lieu, c in candidats if lieu == decor.territoire.pk]
    d_ailleurs = [c for lieu, c in candidats if lieu != decor.territoire.pk]
    n_ici = min(combien * 3 // 5, len(d_ici) // 3)
    ici, d_ailleurs = ici[: n_ici * 3 // 2], d_ailleurs[: combien - n_ici]
    evaluees = [
        *((c, decor.comptes["orienteur"]) for c in ici[: n_ici * 3 // 5]),
        *((Candidat(a.personne, a.entree_le, 0), decor.comptes["orienteur"]) for a in gardees),
        *((c, decor.mobile) for c in d_ailleurs[: len(d_ailleurs) // 4]),
    ]
    rangs = evaluer(decor, evaluees)
    avis = avis_de_page([c.personne.pk for c in (*ici, *d_ailleurs)], decor.jour)
    decor.avis = {personne: type_ for personne, (_, type_) in avis.items()}
    suivies = orienter_ici(decor, postes, ici, n_ici)
    orienter_apres_la_reunion(decor, invitees)
    orienter_ailleurs(decor, d_ailleurs)
    remplir_de_nouveau(decor, suivies, rangs)
    notifier(decor)
    echanger(decor, postes, suivies)
    preparer_une_seance(decor)
    return True
