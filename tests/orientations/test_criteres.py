"""L'avis calculé : ce que les critères lisent, ce qu'ils proposent, et ce qu'ils ne savent pas."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from jalon.agents.perimetre import Perimetre
from jalon.diagnostics.models import Echelon, Grille, Item, Passation, Recueil, Reponse, VersionGrille
from jalon.droits.models import Situation, Soumission
from jalon.organismes.models import Organisme
from jalon.orientations.criteres import (
    Retouche,
    appliquer_liste,
    enregistrer_brouillon,
    lire_liste,
    liste_en_vigueur,
    retirer_brouillon,
    tous_vrais,
    un_vrai,
)
from jalon.orientations.decisions import Choix, decider_orientation
from jalon.orientations.faits import FAITS, SOURCES
from jalon.orientations.models import (
    DecisionOrientation,
    ListeCriteres,
    MotifOrientation,
    PropositionOrientation,
    TypeOrientation,
)
from jalon.orientations.propositions import Proposition, enregistrer_proposition, evaluer_en_lot, proposer
from jalon.orientations.structures import lire_offre, structures_possibles
from jalon.personnes.models import Personne
from jalon.referentiels.profil.criteres import FAITS_CONNUS
from jalon.socle.errors import DroitManquantError, JalonError, TransitionRefuseeError
from jalon.traces.models import Acte
from tests.distribution import Distribution
from tests.fabriques import une_allocataire

pytestmark = pytest.mark.django_db
JOUR = date(2026, 11, 22)


@pytest.fixture
def personne(distribution: Distribution) -> Personne:
    return une_allocataire(territoire=distribution.territoire, en_attente=True)


@pytest.fixture
def grille(db: None) -> VersionGrille:
    """L'échelle du profil, ou son équivalent si la pièce des diagnostics ne l'a pas encore posée."""
    return VersionGrille.objects.filter(grille__code="echelle").order_by("-du").first() or VersionGrille.objects.create(
        grille=Grille.objects.create(code="echelle", libelle="Échelle"), numero=1, du=date(2009, 6, 1), source="essai"
    )


def remplir(distribution: Distribution, personne: Personne, grille: VersionGrille, **rangs: int) -> Passation:
    passation = Passation.objects.create(
        personne=personne, version=grille, date_passation=date(2026, 11, 3), origine="entretien",
        saisie_par=distribution.orienteur,
    )  # fmt: skip
    for code, rang in rangs.items():
        item = Item.objects.get(version=grille, code=code)
        Reponse.objects.create(passation=passation, item=item, echelon=Echelon.objects.get(item=item, rang=rang))
    return passation


def recueillir(distribution: Distribution, personne: Personne, **champs: Any) -> Recueil:
    return Recueil.objects.create(
        personne=personne, date_recueil=date(2026, 11, 2), source="entretien", auteur=distribution.orienteur, **champs
    )


def issue(proposition: Proposition) -> tuple[str, str]:
    critere = proposition.retenue.critere.code if proposition.retenue else ""
    return critere, proposition.type.code if proposition.type else ""


def test_les_faits_du_vocabulaire_se_lisent_tous() -> None:
    assert set(FAITS) == set(SOURCES) == set(FAITS_CONNUS)
    assert {f for f, connu in FAITS_CONNUS.items() if connu.valeurs - set(FAITS[f].valeurs)} == set()


def test_un_inconnu_n_est_jamais_un_non() -> None:
    assert [tous_vrais([True, None]), tous_vrais([False, None]), un_vrai([True, None]), un_vrai([False, None])] == [
        None, False, True, None,
    ]  # fmt: skip


def test_sans_aucun_element_il_n_y_a_pas_d_avis_et_l_on_dit_ce_qui_manque(personne: Personne) -> None:
    Situation.objects.update(sans_domicile_fixe=None)
    DossierRsaDe(personne).date_demande(date(2026, 10, 1))
    proposition = proposer(personne, JOUR)
    assert issue(proposition) == ("", "")
    assert "Disponible pour travailler" in proposition.manquants
    assert {e.mot for e in proposition.evaluations} == {"faux", "inconnu"}


class DossierRsaDe:
    """Change la date de demande du dossier d'une personne : son ancienneté."""

    def __init__(self, personne: Personne) -> None:
        self.dossier = personne.soumissions.get().dossier

    def date_demande(self, le: date) -> None:
        type(self.dossier).objects.filter(pk=self.dossier.pk).update(date_demande=le)


def test_une_personne_disponible_est_proposee_a_la_sphere_professionnelle(
    distribution: Distribution, personne: Personne
) -> None:
    recueillir(distribution, personne, disponibilite="immediate")
    proposition = proposer(personne, JOUR)
    assert issue(proposition) == ("disponible", "pole_emploi")
    assert (proposition.motif.code, proposition.parcours.code) == ("disponible", "p3")
    lu = next(f for f in proposition.retenue.faits if f.libelle == "Disponible pour travailler")
    assert (lu.texte, lu.date, lu.connu) == ("Tout de suite", date(2026, 11, 2), True)


@pytest.mark.parametrize(
    ("rangs", "attendu"),
    [
        ({"logement": 6, "reprise": 1}, ("sans_logement", "solidarite")),
        ({"logement": 5, "reprise": 1}, ("logement", "solidarite")),
        ({"sante": 5, "reprise": 1}, ("sante", "solidarite")),
        ({"sante": 4, "reprise": 1}, ("disponible", "pole_emploi")),
        ({"reprise": 6}, ("pas_disponible", "")),
        ({"transport": 5, "contraintes": 4, "adaptation": 3, "relations": 6, "dernier_emploi": 6}, ("attente", "")),
    ],
)
def test_la_sphere_sociale_ne_se_propose_que_pour_le_logement_ou_la_sante(
    distribution: Distribution, personne: Personne, grille: VersionGrille, rangs: dict[str, int],
    attendu: tuple[str, str],
) -> None:  # fmt: skip
    remplir(distribution, personne, grille, **rangs)
    assert issue(proposer(personne, JOUR)) == attendu


def test_la_derniere_grille_seule_compte(distribution: Distribution, personne: Personne, grille: VersionGrille) -> None:
    ancienne = Passation.objects.create(
        personne=personne, version=grille, date_passation=date(2026, 1, 3), origine="entretien",
        saisie_par=distribution.orienteur,
    )  # fmt: skip
    item = Item.objects.get(version=grille, code="logement")
    Reponse.objects.create(passation=ancienne, item=item, echelon=Echelon.objects.get(item=item, rang=6))
    remplir(distribution, personne, grille, logement=1, reprise=1)
    assert issue(proposer(personne, JOUR)) == ("disponible", "pole_emploi")


def test_une_longue_attente_sans_element_est_proposee_pour_six_mois(personne: Personne) -> None:
    proposition = proposer(personne, JOUR)
    assert (issue(proposition), proposition.mois) == (("sans_element", "solidarite"), 6)


def test_un_emploi_reduit_sous_le_seuil_est_du_parcours_2(distribution: Distribution, personne: Personne) -> None:
    recueillir(distribution, personne)
    Soumission.objects.filter(personne=personne).update(ressources=Decimal("499.99"))
    proposition = proposer(personne, JOUR)
    assert (issue(proposition)[0], proposition.parcours.code) == ("activite_reduite", "p2")
    Soumission.objects.filter(personne=personne).update(ressources=Decimal(500))
    assert issue(proposer(personne, JOUR))[0] != "activite_reduite"


def test_un_suivi_connu_de_jalon_compte_comme_un_suivi_declare(distribution: Distribution) -> None:
    plie = Organisme.objects.filter(type__categorie="plie").order_by("id")[0]
    suivie = une_allocataire(territoire=distribution.territoire, en_attente=True, accompagnee_par=plie)
    recueillir(distribution, suivie, disponibilite="non")
    assert issue(proposer(suivie, JOUR)) == ("suivie_plie", "insertion_professionnelle")


def test_le_meme_avis_montre_deux_fois_n_est_garde_qu_une(distribution: Distribution, personne: Personne) -> None:
    recueil = recueillir(distribution, personne, disponibilite="immediate")
    premiere = enregistrer_proposition(proposer(personne, JOUR))
    assert enregistrer_proposition(proposer(personne, JOUR)) == premiere
    recueillir(distribution, personne, disponibilite="non", precedent=recueil)
    assert enregistrer_proposition(proposer(personne, JOUR)) != premiere
    assert PropositionOrientation.objects.filter(personne=personne).count() == 2
    assert premiere.evaluations[-1]["faits"][0]["libelle"]


def test_en_lot_l_avis_est_celui_de_chacune_et_ne_coute_pas_plus(
    distribution: Distribution, grille: VersionGrille
) -> None:
    personnes = [une_allocataire(territoire=distribution.territoire, en_attente=True) for _ in range(12)]
    for rang, personne in enumerate(personnes):
        if rang % 3:
            remplir(distribution, personne, grille, logement=1 + rang % 6, reprise=1 + rang % 5)
        if rang % 4 == 1:
            recueillir(distribution, personne, disponibilite="partielle", contrainte_sante="forte")
    liste = liste_en_vigueur()
    with CaptureQueriesContext(
        connection,
    ) as une:
        evaluer_en_lot([personnes[0].pk], liste, JOUR)
    with CaptureQueriesContext(connection) as toutes:
        lot = evaluer_en_lot([p.pk for p in personnes], liste, JOUR)
    assert len(une) == len(toutes)
    codes = {p: c.code if (c := lot.critere(r)) else "" for p, r in zip(lot.ids, lot.rangs, strict=True)}
    assert codes == {p.pk: issue(proposer(p, JOUR))[0] for p in personnes}
    assert len(set(codes.values())) > 3


def test_les_structures_sont_celles_du_territoire_du_public_et_disent_leurs_places(distribution: Distribution) -> None:
    solidarite = TypeOrientation.objects.get(code="solidarite")
    lens = Organisme.objects.get(code="mission-locale-lens-lievin")
    territoire = lens.territoires.order_by("id")[0]
    jeune = une_allocataire(territoire=territoire, en_attente=True, date_naissance=date(2004, 5, 1))
    adulte = une_allocataire(territoire=territoire, en_attente=True)
    assert structures_possibles(jeune, solidarite, JOUR)[0].organisme == lens
    assert lens not in {s.organisme for s in structures_possibles(adulte, solidarite, JOUR)}
    assert all(
        territoire in s.organisme.territoires.all() or not s.organisme.territoires.exists()
        for s in structures_possibles(adulte, solidarite, JOUR)
    )


def test_la_charge_d_une_structure_compte_meme_ce_que_l_agent_ne_voit_pas(
    distribution: Distribution, personne: Personne
) -> None:
    ccas = Organisme.objects.filter(type__categorie="ccas").order_by("id")[0]
    solidarite = TypeOrientation.objects.get(code="solidarite")
    decider_orientation(
        personne, acteur=distribution.orienteur, perimetre=Perimetre.de(distribution.orienteur),
        choix=Choix(type=solidarite, organisme=ccas, motif=MotifOrientation.objects.get(code="logement")),
    )  # fmt: skip
    from jalon.socle.rls import web_role

    with web_role(Perimetre.de(distribution.etrangere).reglages()):
        assert not DecisionOrientation.objects.exists()
        charges = {s.organisme.pk: s.charge for s in lire_offre(timezone.localdate()).par_type[solidarite.pk]}
    assert charges[ccas.pk] == 1


# --- Les listes


def test_un_brouillon_garde_ses_seuils_et_ne_sert_a_aucun_avis(distribution: Distribution, personne: Personne) -> None:
    depart = liste_en_vigueur()
    brouillon = enregistrer_brouillon(
        depart, acteur=distribution.siege, perimetre=Perimetre.de(distribution.siege), libelle="Essai",
        retouches={
            "sans_element": Retouche(rang=0, actif=True, seuils={"1.1.min": "24"}),
            "attente": Retouche(rang=5, actif=False, seuils={"1.min": "5"}),
        },
    )  # fmt: skip
    ecrite = lire_liste(brouillon)
    assert next(c for c in ecrite.criteres if c.code == "sans_element").si.parties[1].parties[1].min == "24"
    assert not next(c for c in ecrite.criteres if c.code == "attente").actif
    assert (brouillon.active, brouillon.issue_de, liste_en_vigueur()) == (False, depart, depart)


def test_un_seuil_qui_n_est_pas_un_nombre_est_refuse(distribution: Distribution) -> None:
    with pytest.raises(JalonError, match="ni un nombre ni un paramètre"):
        enregistrer_brouillon(
            liste_en_vigueur(), acteur=distribution.siege, perimetre=Perimetre.de(distribution.siege), libelle="Essai",
            retouches={"attente": Retouche(rang=0, actif=True, seuils={"1.min": "beaucoup"})},
        )  # fmt: skip


def test_qui_simule_n_applique_pas(distribution: Distribution) -> None:
    variante = ListeCriteres.objects.get(code="emploi_large")
    with pytest.raises(DroitManquantError):
        appliquer_liste(variante, acteur=distribution.siege, perimetre=Perimetre.de(distribution.siege), motif="Essai")
    acteur = distribution.administrateur
    with pytest.raises(JalonError, match="pourquoi"):
        appliquer_liste(variante, acteur=acteur, perimetre=Perimetre.de(acteur), motif=" ")
    appliquer_liste(variante, acteur=acteur, perimetre=Perimetre.de(acteur), motif="Décision de l'assemblée")
    assert liste_en_vigueur() == variante
    assert Acte.objects.get(code="orientations.liste_criteres.appliquee").de == "regles"
    with pytest.raises(TransitionRefuseeError, match="déjà la liste employée"):
        appliquer_liste(variante, acteur=acteur, perimetre=Perimetre.de(acteur), motif="Encore")


def test_seul_l_auteur_retire_son_brouillon(distribution: Distribution) -> None:
    siege = distribution.siege
    brouillon = enregistrer_brouillon(
        liste_en_vigueur(), acteur=siege, perimetre=Perimetre.de(siege), libelle="Essai", retouches={}
    )
    with pytest.raises(TransitionRefuseeError, match="collègue"):
        retirer_brouillon(brouillon, acteur=distribution.orienteur, perimetre=Perimetre.de(distribution.orienteur))
    assert retirer_brouillon(brouillon, acteur=siege, perimetre=Perimetre.de(siege)).retiree_le is not None
