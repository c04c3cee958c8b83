"""Le code à usage unique : envoyé par un moyen accepté, vérifié une fois, jamais gardé en clair."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from jalon.agents.perimetre import Perimetre
from jalon.documents.envois import executer_envoi
from jalon.documents.models import Envoi
from jalon.personnes.codes import (
    CodeRefuseError,
    CodeUnique,
    SansMoyenError,
    UsageCode,
    envoyer_code,
    montrer_code,
    verifier_code,
)
from jalon.personnes.coordonnees import Coordonnees
from jalon.personnes.models import Personne
from jalon.socle.errors import DroitManquantError, JalonError
from jalon.socle.rls import Reglages, web_role
from jalon.traces.models import Acte
from tests.distribution import Distribution
from tests.fabriques import une_allocataire


@pytest.fixture
def personne(distribution: Distribution) -> Personne:
    connue = une_allocataire(territoire=distribution.territoire)
    Coordonnees.objects.create(personne=connue, telephone="+33611000001", accepte_sms=True)
    return connue


def chiffres(personne: Personne) -> str:
    envoi = Envoi.objects.filter(personne=personne.public_id).order_by("-pk").first()
    assert envoi is not None
    trouve = re.match(r"\d{6}", envoi.texte)
    assert trouve is not None
    return trouve.group()


def vieillir(code: CodeUnique, **temps: int) -> None:
    CodeUnique.objects.filter(pk=code.pk).update(created_at=timezone.now() - timedelta(**temps))


def test_le_code_part_par_le_moyen_accepte_et_ouvre_une_seule_fois(personne: Personne) -> None:
    code = envoyer_code(personne, usage=UsageCode.LIVRET)
    clair = chiffres(personne)
    assert code.canal == "sms"
    assert clair not in code.empreinte
    assert verifier_code(personne, usage=UsageCode.LIVRET, code=f" {clair[:3]} {clair[3:]} ").employe_le is not None
    with pytest.raises(CodeRefuseError, match="ne vaut plus"):
        verifier_code(personne, usage=UsageCode.LIVRET, code=clair)


def test_le_texte_du_message_ne_reste_pas_une_fois_parti(personne: Personne) -> None:
    envoyer_code(personne, usage=UsageCode.LIVRET)
    clair = chiffres(personne)
    envoi = Envoi.objects.get(personne=personne.public_id)
    executer_envoi(envoi.public_id)
    envoi.refresh_from_db()
    assert envoi.etat == "envoye"
    assert clair not in envoi.texte
    verifier_code(personne, usage=UsageCode.LIVRET, code=clair)


def test_un_message_perime_ne_part_plus_et_perd_son_texte(personne: Personne) -> None:
    envoyer_code(personne, usage=UsageCode.LIVRET)
    envoi = Envoi.objects.get(personne=personne.public_id)
    Envoi.objects.filter(pk=envoi.pk).update(perime_le=timezone.now() - timedelta(seconds=1))
    executer_envoi(envoi.public_id)
    envoi.refresh_from_db()
    assert (envoi.etat, bool(re.search(r"\d{6}", envoi.texte))) == ("echec", False)


@pytest.mark.parametrize("accord", [{"accepte_sms": False}, {"accepte_sms": False, "courriel": "a@exemple.fr"}])
def test_refuse_d_envoyer_sans_moyen_accepte(personne: Personne, accord: dict[str, Any]) -> None:
    Coordonnees.objects.filter(personne=personne).update(**accord)
    with pytest.raises(SansMoyenError):
        envoyer_code(personne, usage=UsageCode.LIVRET)
    assert not Envoi.objects.exists()


def test_le_moyen_prefere_passe_d_abord(personne: Personne) -> None:
    Coordonnees.objects.filter(personne=personne).update(
        courriel="a@exemple.fr", accepte_courriel=True, prefere="courriel"
    )
    assert envoyer_code(personne, usage=UsageCode.LIVRET).canal == "courriel"


def test_refuse_un_second_envoi_dans_la_minute(personne: Personne) -> None:
    code = envoyer_code(personne, usage=UsageCode.LIVRET)
    with pytest.raises(JalonError, match="Attendez une minute"):
        envoyer_code(personne, usage=UsageCode.LIVRET)
    vieillir(code, minutes=2)
    envoyer_code(personne, usage=UsageCode.LIVRET)


def test_refuse_plus_de_cinq_envois_par_heure(personne: Personne) -> None:
    for rang in range(5):
        vieillir(envoyer_code(personne, usage=UsageCode.LIVRET), minutes=50 - rang)
    with pytest.raises(JalonError, match="dans une heure"):
        envoyer_code(personne, usage=UsageCode.LIVRET)


def test_refuse_au_dela_des_essais_permis_meme_le_bon_code(personne: Personne) -> None:
    envoyer_code(personne, usage=UsageCode.LIVRET)
    clair = chiffres(personne)
    faux = "000000" if clair != "000000" else "111111"
    for _ in range(5):
        with pytest.raises(CodeRefuseError, match="pas le bon code"):
            verifier_code(personne, usage=UsageCode.LIVRET, code=faux)
    with pytest.raises(CodeRefuseError, match="Trop d'essais"):
        verifier_code(personne, usage=UsageCode.LIVRET, code=clair)


def test_refuse_un_code_expire(personne: Personne) -> None:
    code = envoyer_code(personne, usage=UsageCode.LIVRET)
    clair = chiffres(personne)
    assert code.expire_le - code.created_at == timedelta(minutes=10)
    CodeUnique.objects.filter(pk=code.pk).update(expire_le=timezone.now())
    with pytest.raises(CodeRefuseError, match="ne vaut plus"):
        verifier_code(personne, usage=UsageCode.LIVRET, code=clair)


def test_refuse_le_code_d_avant_quand_un_autre_est_parti(personne: Personne) -> None:
    vieillir(envoyer_code(personne, usage=UsageCode.LIVRET), minutes=2)
    ancien = chiffres(personne)
    envoyer_code(personne, usage=UsageCode.LIVRET)
    if chiffres(personne) == ancien:
        return
    with pytest.raises(CodeRefuseError):
        verifier_code(personne, usage=UsageCode.LIVRET, code=ancien)


def test_refuse_un_code_donne_pour_un_autre_objet_ou_un_autre_usage(personne: Personne) -> None:
    objet = uuid4()
    envoyer_code(personne, usage=UsageCode.SIGNATURE, objet=objet)
    clair = chiffres(personne)
    for autre in ({"usage": UsageCode.SIGNATURE, "objet": uuid4()}, {"usage": UsageCode.LIVRET, "objet": objet}):
        with pytest.raises(CodeRefuseError):
            verifier_code(personne, code=clair, **autre)  # type: ignore[arg-type]
    verifier_code(personne, usage=UsageCode.SIGNATURE, objet=objet, code=clair)


def test_la_personne_recoit_et_emploie_son_code_sans_que_sa_fiche_soit_lisible(personne: Personne) -> None:
    with web_role(Reglages(personne=personne.pk)):
        assert not Personne.objects.exists()
        assert not Envoi.objects.exists()
        envoyer_code(personne.pk, usage=UsageCode.LIVRET)
        assert not Envoi.objects.exists()
    clair = chiffres(personne)
    with web_role(Reglages(personne=personne.pk)):
        verifier_code(personne.pk, usage=UsageCode.LIVRET, code=clair)


def test_un_agent_montre_un_code_a_l_accueil_et_le_journal_le_dit(
    distribution: Distribution, personne: Personne
) -> None:
    perimetre = Perimetre.de(distribution.partenaire)
    code, clair = montrer_code(personne, acteur=distribution.partenaire, perimetre=perimetre, usage=UsageCode.LIVRET)
    assert code.canal == "guichet"
    assert Acte.objects.filter(code="personnes.code.montre", personnes__contains=[personne.public_id]).exists()
    verifier_code(personne, usage=UsageCode.LIVRET, code=clair)


def test_refuse_de_montrer_un_code_sans_le_droit(distribution: Distribution, personne: Personne) -> None:
    with pytest.raises(DroitManquantError):
        montrer_code(
            personne, acteur=distribution.lecteur, perimetre=Perimetre.de(distribution.lecteur), usage=UsageCode.LIVRET
        )
