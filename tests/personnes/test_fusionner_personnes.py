"""Réunir deux dossiers d'une même personne, et le défaire exactement."""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import Any

import pytest
from django.contrib.postgres.constraints import ExclusionConstraint
from django.core.serializers import serialize
from django.db.backends.postgresql.psycopg_any import DateRange
from django.db.models import UniqueConstraint

from jalon.accompagnements.models import Accompagnement, EtatMaintien, Maintien
from jalon.droits.models import DossierRsa, Ressource, Soumission
from jalon.organismes.models import Organisme
from jalon.orientations.models import AttenteOrientation, MotifEntree, MotifSortie
from jalon.personnes.fusion import (
    CLOTURES,
    FAITS_UNIQUES,
    LIGNES_UNIQUES,
    PERIODES_CEDEES,
    PERIODES_REUNIES,
    liens_vers_personne,
)
from jalon.personnes.identite import lire_nir
from jalon.personnes.models import (
    EtatRapprochement,
    EtatTache,
    Fusion,
    Personne,
    Rapprochement,
    Rattachement,
    RolePersonne,
    Tache,
    TypeTache,
)
from jalon.personnes.services import annuler_fusion, fusionner_personnes, refuser_rapprochement
from jalon.socle.errors import JalonError, TransitionRefuseeError
from jalon.socle.rls import web_role
from jalon.traces.models import Acte
from tests.distribution import Distribution
from tests.fabriques import EN_COURS, DossierRsaFactory, PersonneFactory, une_allocataire

pytestmark = pytest.mark.django_db


def doute(ancienne: Personne, nouvelle: Personne, **champs: Any) -> Rapprochement:
    return Rapprochement.objects.create(
        ancienne=ancienne, nouvelle=nouvelle, score=92, motif="même nom, même naissance", date_flux=date(2026, 10, 31),
        **champs,
    )  # fmt: skip


def photo() -> dict[str, str]:
    """Toutes les lignes qu'une fusion peut toucher, telles que la base les garde."""
    modeles = {Personne, Rapprochement, *(modele for modele, _ in liens_vers_personne())}
    return {m._meta.label: serialize("json", m._base_manager.order_by("pk")) for m in modeles}


def test_toute_cle_vers_une_personne_est_deplacee_et_ses_regles_sont_connues() -> None:
    """Une pièce à venir dont l'unicité porte sur la personne doit dire comment deux dossiers s'y réunissent."""
    liens = liens_vers_personne()
    etiquettes = {modele._meta.label_lower for modele, _ in liens}
    assert {
        "personnes.rattachement", "personnes.identiteanterieure", "personnes.tache", "personnes.personne",
        "droits.soumission", "droits.ressource", "droits.activite", "droits.avispresident", "droits.blocrecu",
        "orientations.attenteorientation", "accompagnements.accompagnement", "accompagnements.maintien",
    } <= etiquettes  # fmt: skip
    sans_regle = []
    for modele, colonne in liens:
        nom = modele._meta.get_field(colonne).name
        for contrainte in modele._meta.constraints:
            champs = set(getattr(contrainte, "fields", ()))
            if isinstance(contrainte, ExclusionConstraint):
                champs = {str(e).strip("F()") for e, _ in contrainte.expressions}
            elif not isinstance(contrainte, UniqueConstraint):
                continue
            regles = {*CLOTURES, *FAITS_UNIQUES, *LIGNES_UNIQUES, *PERIODES_CEDEES, *PERIODES_REUNIES}
            connue = modele._meta.label_lower in regles
            if nom in champs and not connue:
                sans_regle.append(contrainte.name)
    assert sans_regle == []


def test_deplace_tout_et_garde_la_trace(distribution: Distribution) -> None:
    ancienne = une_allocataire(nom="LEFEVRE")
    nouvelle = une_allocataire(
        nom="LEFEVRE", en_attente=True, accompagnee_par=distribution.partenaire.affectations.get().organisme
    )
    Ressource.objects.create(
        dossier=DossierRsa.objects.get(foyer__rattachements__personne=nouvelle), personne=nouvelle, periode=EN_COURS
    )
    rapprochement = doute(ancienne, nouvelle)

    fusion = fusionner_personnes(rapprochement, acteur=distribution.siege)

    nouvelle.refresh_from_db()
    rapprochement.refresh_from_db()
    assert nouvelle.fusionnee_dans == ancienne
    assert (rapprochement.etat, rapprochement.decide_par) == (EtatRapprochement.FUSIONNE, distribution.siege)
    for modele, colonne in liens_vers_personne():
        assert not modele._base_manager.filter(**{colonne: nouvelle.pk}).exists(), modele
    assert ancienne.rattachements.count() == 2
    assert ancienne.ressources.count() == 1
    acte = Acte.objects.get(code="personnes.personne.fusionnee")
    assert (acte.objet, set(acte.personnes)) == (fusion.public_id, {ancienne.public_id, nouvelle.public_id})


def test_garde_le_dossier_choisi(distribution: Distribution) -> None:
    ancienne, nouvelle = PersonneFactory(), PersonneFactory()
    fusion = fusionner_personnes(doute(ancienne, nouvelle), acteur=distribution.siege, gardee=nouvelle)
    assert (fusion.gardee, fusion.absorbee) == (nouvelle, ancienne)


def test_refuse_de_garder_un_troisieme_dossier(distribution: Distribution) -> None:
    rapprochement = doute(PersonneFactory(), PersonneFactory())
    with pytest.raises(JalonError, match="l'un des deux dossiers"):
        fusionner_personnes(rapprochement, acteur=distribution.siege, gardee=PersonneFactory())


def test_refuse_un_doute_deja_tranche(distribution: Distribution) -> None:
    rapprochement = doute(PersonneFactory(), PersonneFactory())
    refuser_rapprochement(rapprochement, acteur=distribution.siege)
    with pytest.raises(TransitionRefuseeError, match="déjà été tranché"):
        fusionner_personnes(rapprochement, acteur=distribution.siege)
    with pytest.raises(TransitionRefuseeError, match="déjà été tranché"):
        refuser_rapprochement(rapprochement, acteur=distribution.siege)


def test_refuse_un_dossier_deja_absorbe(distribution: Distribution) -> None:
    a, b, c = PersonneFactory(), PersonneFactory(), PersonneFactory()
    fusionner_personnes(doute(a, b), acteur=distribution.siege)
    restant = doute(c, b)
    with pytest.raises(TransitionRefuseeError, match="déjà été réuni"):
        fusionner_personnes(restant, acteur=distribution.siege)


@pytest.mark.parametrize("role", [RolePersonne.CONJOINT, RolePersonne.DEMANDEUR])
def test_refuse_deux_adultes_du_meme_foyer(distribution: Distribution, role: str) -> None:
    demandeur = une_allocataire()
    dossier = DossierRsa.objects.get()
    conjoint = une_allocataire(dossier=dossier, role=role)
    with pytest.raises(TransitionRefuseeError, match="ce sont deux personnes"):
        fusionner_personnes(doute(demandeur, conjoint), acteur=distribution.siege)
    assert not Fusion.objects.exists()


def test_accepte_un_enfant_connu_deux_fois_dans_le_meme_foyer(distribution: Distribution) -> None:
    """Seul le rôle change : le second rattachement est vidé, et rendu si l'on défait."""
    premier = une_allocataire(role=RolePersonne.ENFANT, soumise=False)
    second = une_allocataire(dossier=DossierRsa.objects.get(), role=RolePersonne.ENFANT, soumise=False)
    avant = photo()
    fusion = fusionner_personnes(doute_ := doute(premier, second), acteur=distribution.siege)
    assert Rattachement.objects.filter(personne=premier, periode__isempty=False).count() == 1
    assert Soumission.objects.filter(personne=premier, periode__isempty=False).count() == 1
    annuler_fusion(fusion, acteur=distribution.siege)
    doute_.delete()
    assert photo() == avant


def test_garde_la_plus_ancienne_de_deux_attentes(distribution: Distribution) -> None:
    ancienne, nouvelle = une_allocataire(en_attente=True), une_allocataire(en_attente=True)
    attente = AttenteOrientation.objects.get(personne=nouvelle)
    AttenteOrientation.objects.filter(pk=attente.pk).update(entree_le=date(2026, 1, 5))
    fusionner_personnes(doute(ancienne, nouvelle), acteur=distribution.siege)
    en_cours = AttenteOrientation.objects.get(personne=ancienne, sortie_le=None)
    assert en_cours == attente
    close = AttenteOrientation.objects.get(personne=ancienne, sortie_le__isnull=False)
    assert close.motif_sortie == MotifSortie.FUSION


def test_garde_le_plus_ancien_maintien_et_une_tache_de_chaque_sorte(distribution: Distribution) -> None:
    ancienne, nouvelle = PersonneFactory(), PersonneFactory()
    for personne, jour in ((ancienne, date(2026, 5, 1)), (nouvelle, date(2026, 3, 1))):
        Maintien.objects.create(personne=personne, debut=jour, echeance=jour + timedelta(days=180))
        for sorte in TypeTache.values:
            Tache.objects.create(personne=personne, type=sorte, ouverte_le=jour)
    fusionner_personnes(doute(ancienne, nouvelle), acteur=distribution.siege)
    assert Maintien.objects.get(personne=ancienne, etat=EtatMaintien.EN_COURS).debut == date(2026, 3, 1)
    assert Maintien.objects.get(personne=ancienne, etat=EtatMaintien.CLOS).clos_le is not None
    assert Tache.objects.filter(personne=ancienne, etat=EtatTache.A_FAIRE, ouverte_le=date(2026, 3, 1)).count() == len(
        TypeTache
    )
    assert Tache.objects.filter(personne=ancienne, etat=EtatTache.SANS_OBJET).count() == len(TypeTache)


def test_reunit_deux_accompagnements_du_meme_organisme(distribution: Distribution) -> None:
    organisme = Organisme.objects.order_by("pk")[0]
    ancienne, nouvelle = PersonneFactory(), PersonneFactory()
    Accompagnement.objects.create(
        personne=ancienne, organisme=organisme, periode=DateRange(date(2026, 1, 1), date(2026, 6, 1))
    )
    Accompagnement.objects.create(personne=nouvelle, organisme=organisme, periode=DateRange(date(2026, 3, 1), None))
    fusionner_personnes(doute(ancienne, nouvelle), acteur=distribution.siege)
    seul = Accompagnement.objects.get(personne=ancienne, periode__isempty=False)
    assert seul.periode == DateRange(date(2026, 1, 1), None)


def test_complete_l_identite_sans_rien_effacer(distribution: Distribution) -> None:
    nir = lire_nir("2850462041001")
    attente = lire_nir("3850462041001")
    assert nir is not None
    assert attente is not None
    ancienne = PersonneFactory(
        prenom2="",
        commune_naissance="LENS",
        nir_chiffre=attente.chiffre,
        nir_empreinte=attente.empreinte,
        type_nir=attente.type,
    )
    nouvelle = PersonneFactory(
        prenom2="MARIE",
        commune_naissance="ARRAS",
        nir_chiffre=nir.chiffre,
        nir_empreinte=nir.empreinte,
        type_nir=nir.type,
    )
    fusion = fusionner_personnes(doute(ancienne, nouvelle), acteur=distribution.siege)
    ancienne.refresh_from_db()
    assert (ancienne.prenom2, ancienne.commune_naissance) == ("MARIE", "LENS")
    assert bytes(ancienne.nir_empreinte or b"") == nir.empreinte
    assert ancienne.cle_prenoms.endswith("marie")
    assert nir.numero not in str(fusion.deplacements)


def test_un_nir_certain_n_est_jamais_remplace(distribution: Distribution) -> None:
    """Seule la qualité du NIR connu change par rapport à l'essai précédent."""
    connu, autre = lire_nir("2850462041001"), lire_nir("2850462041002")
    assert connu is not None
    assert autre is not None
    ancienne = PersonneFactory(nir_chiffre=connu.chiffre, nir_empreinte=connu.empreinte, type_nir=connu.type)
    nouvelle = PersonneFactory(nir_chiffre=autre.chiffre, nir_empreinte=autre.empreinte, type_nir=autre.type)
    fusionner_personnes(doute(ancienne, nouvelle), acteur=distribution.siege)
    ancienne.refresh_from_db()
    assert bytes(ancienne.nir_empreinte or b"") == connu.empreinte


def test_les_autres_doutes_suivent_sans_se_repeter(distribution: Distribution) -> None:
    a, b, c, d = (PersonneFactory() for _ in range(4))
    suit, deja, repete = doute(b, c), doute(a, d), doute(d, b)
    fusionner_personnes(doute(a, b), acteur=distribution.siege)
    for rapprochement in (suit, deja, repete):
        rapprochement.refresh_from_db()
    assert (suit.ancienne, suit.nouvelle) == (a, c)
    assert (repete.ancienne, repete.nouvelle) == (d, b)


def test_une_personne_deja_absorbee_suit_vers_le_dossier_garde(distribution: Distribution) -> None:
    a, b, c = PersonneFactory(), PersonneFactory(), PersonneFactory()
    fusionner_personnes(doute(b, c), acteur=distribution.siege)
    fusionner_personnes(doute(a, b), acteur=distribution.siege)
    c.refresh_from_db()
    assert c.fusionnee_dans == a


def test_s_accomplit_en_entier_sous_la_securite_par_ligne(distribution: Distribution) -> None:
    """L'orienteur ne lit pas l'accompagnement tenu sur un autre territoire : il suit quand même la personne."""
    organisme = distribution.partenaire.affectations.get().organisme
    ancienne = une_allocataire(territoire=distribution.territoire)
    nouvelle = une_allocataire(territoire=distribution.territoire)
    suivi = Accompagnement.objects.create(
        personne=nouvelle, organisme=organisme, territoire=distribution.autre_territoire, periode=EN_COURS
    )
    rapprochement = doute(ancienne, nouvelle)
    from jalon.agents.perimetre import Perimetre

    with web_role(Perimetre.de(distribution.orienteur).reglages()):
        fusion = fusionner_personnes(rapprochement, acteur=distribution.orienteur)
        assert not Personne.objects.filter(territoire=distribution.autre_territoire).exists()
    suivi.refresh_from_db()
    assert suivi.personne == ancienne
    with web_role(Perimetre.de(distribution.orienteur).reglages()):
        annuler_fusion(fusion, acteur=distribution.orienteur)
    suivi.refresh_from_db()
    assert suivi.personne == nouvelle


# --- Défaire


@pytest.mark.parametrize("graine", range(25))
def test_defaire_rend_exactement_les_memes_lignes(distribution: Distribution, graine: int) -> None:
    """Propriété : fusion puis annulation laissent la base comme avant, quels que soient les dossiers."""
    hasard = random.Random(graine)
    commun = DossierRsaFactory()
    deux = [_dossier_au_hasard(hasard, commun) for _ in range(2)]
    autre = PersonneFactory()
    for personne in deux:
        if hasard.random() < 0.5:
            doute(autre, personne)
    rapprochement = doute(*deux)
    avant = photo()
    fusion = fusionner_personnes(rapprochement, acteur=distribution.siege, gardee=hasard.choice(deux))
    assert photo() != avant
    annuler_fusion(fusion, acteur=distribution.siege)
    assert photo() == avant


def _dossier_au_hasard(hasard: random.Random, commun: DossierRsa) -> Personne:
    peut_etre = {
        "prenom2": hasard.choice(["", "MARIE"]),
        "identifiant_france_travail": hasard.choice(["", "1234567A"]),
        "rang_naissance": hasard.choice([None, 1]),
        "etat_civil_certifie": hasard.choice([None, True]),
    }
    nir = lire_nir(hasard.choice(["", "2850462041001", "3850462041001", "285046204100199"]))
    if nir is not None:
        peut_etre |= {"nir_chiffre": nir.chiffre, "nir_empreinte": nir.empreinte, "type_nir": nir.type}
    dossier = commun if hasard.random() < 0.5 else DossierRsaFactory()
    personne = une_allocataire(dossier=dossier, role=RolePersonne.ENFANT, en_attente=hasard.random() < 0.6, **peut_etre)
    debut = date(2026, 1, 1)
    if hasard.random() < 0.6:
        jour = debut + timedelta(days=hasard.randrange(200))
        etat = hasard.choice([EtatMaintien.EN_COURS, EtatMaintien.FIN_PROPOSEE])
        Maintien.objects.create(personne=personne, debut=jour, echeance=jour, etat=etat)
    for sorte in TypeTache.values:
        if hasard.random() < 0.5:
            Tache.objects.create(personne=personne, type=sorte, ouverte_le=debut + timedelta(days=hasard.randrange(99)))
    for organisme in Organisme.objects.order_by("pk")[:2]:
        jour = debut + timedelta(days=hasard.randrange(25))
        for _ in range(hasard.randrange(3)):
            fin = jour + timedelta(days=hasard.randrange(5, 60))
            Accompagnement.objects.create(personne=personne, organisme=organisme, periode=DateRange(jour, fin))
            jour = fin + timedelta(days=hasard.randrange(20))
    AttenteOrientation.objects.filter(personne=personne).update(entree_le=debut + timedelta(days=hasard.randrange(99)))
    return personne


def test_refuse_de_defaire_deux_fois(distribution: Distribution) -> None:
    fusion = fusionner_personnes(doute(PersonneFactory(), PersonneFactory()), acteur=distribution.siege)
    annuler_fusion(fusion, acteur=distribution.siege)
    with pytest.raises(TransitionRefuseeError, match="déjà été défaite"):
        annuler_fusion(fusion, acteur=distribution.siege)


def test_refuse_de_defaire_sous_une_reunion_plus_recente(distribution: Distribution) -> None:
    a, b, c = PersonneFactory(), PersonneFactory(), PersonneFactory()
    premiere = fusionner_personnes(doute(a, b), acteur=distribution.siege)
    seconde = fusionner_personnes(doute(a, c), acteur=distribution.siege)
    with pytest.raises(TransitionRefuseeError, match="défaites-la d'abord"):
        annuler_fusion(premiere, acteur=distribution.siege)
    annuler_fusion(seconde, acteur=distribution.siege)
    annuler_fusion(premiere, acteur=distribution.siege)


def test_refuse_de_defaire_quand_une_nouvelle_attente_court(distribution: Distribution) -> None:
    ancienne, nouvelle = une_allocataire(en_attente=True), une_allocataire(en_attente=True)
    AttenteOrientation.objects.filter(personne=nouvelle).update(entree_le=date(2026, 1, 5))
    fusion = fusionner_personnes(doute(ancienne, nouvelle), acteur=distribution.siege)
    AttenteOrientation.objects.filter(personne=ancienne, sortie_le=None).update(
        sortie_le=date(2026, 11, 1), motif_sortie=MotifSortie.PLUS_SOUMISE
    )
    AttenteOrientation.objects.create(
        personne=ancienne, dossier=DossierRsa.objects.filter(foyer__rattachements__personne=ancienne).order_by("pk")[0],
        motif=MotifEntree.RETOUR, entree_le=date(2026, 11, 5), echeance=date(2027, 1, 5),
    )  # fmt: skip
    with pytest.raises(TransitionRefuseeError, match="attend déjà une orientation"):
        annuler_fusion(fusion, acteur=distribution.siege)
    nouvelle.refresh_from_db()
    assert nouvelle.fusionnee_dans == ancienne


def test_refuse_de_defaire_quand_la_caisse_a_parle_depuis(distribution: Distribution) -> None:
    ancienne, nouvelle = une_allocataire(), une_allocataire()
    dossier = DossierRsa.objects.get(foyer__rattachements__personne=nouvelle)
    fusion = fusionner_personnes(doute(ancienne, nouvelle), acteur=distribution.siege)
    Ressource.objects.create(dossier=dossier, personne=ancienne, periode=EN_COURS)
    with pytest.raises(TransitionRefuseeError, match="ressource arrivée depuis"):
        annuler_fusion(fusion, acteur=distribution.siege)


def test_refuse_de_defaire_quand_une_ligne_a_change_depuis(distribution: Distribution) -> None:
    organisme = Organisme.objects.order_by("pk")[0]
    ancienne, nouvelle = PersonneFactory(), PersonneFactory()
    for personne in (ancienne, nouvelle):
        Accompagnement.objects.create(personne=personne, organisme=organisme, periode=EN_COURS)
    fusion = fusionner_personnes(doute(ancienne, nouvelle), acteur=distribution.siege)
    Accompagnement.objects.filter(personne=ancienne, periode__isempty=True).update(
        periode=DateRange(date(2020, 1, 1), date(2020, 2, 1))
    )
    with pytest.raises(TransitionRefuseeError, match="accompagnement"):
        annuler_fusion(fusion, acteur=distribution.siege)
