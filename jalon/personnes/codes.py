"""Le code à usage unique : six chiffres envoyés à la personne, pour ouvrir son livret ou signer à distance.

La base n'en garde que l'empreinte, poivrée par la clé de l'installation, salée par la ligne et lente à calculer ; le
message qui le porte perd son texte dès qu'il est parti (`Envoi.perime_le`).
"""

from __future__ import annotations

import hmac
import secrets
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final
from uuid import UUID

from django.conf import settings
from django.contrib.auth.hashers import check_password, make_password
from django.db import models, transaction
from django.db.models.functions import Now
from django.utils import timezone

from jalon.documents.envois import envoyer
from jalon.documents.models import Canal
from jalon.personnes.coordonnees import CanalPrefere, Coordonnees
from jalon.referentiels.parametres import mot, nombre
from jalon.socle.errors import JalonError
from jalon.socle.models import PublicModel
from jalon.traces.services import tracer

if TYPE_CHECKING:
    from jalon.agents.models import Agent
    from jalon.agents.perimetre import Perimetre
    from jalon.personnes.models import Personne

CHIFFRES: Final = 6
ENTRE_DEUX_ENVOIS: Final = timedelta(minutes=1)
ENVOIS_PAR_HEURE: Final = 5
GUICHET: Final = "guichet"
"""Canal du code montré à l'écran d'un agent, devant la personne."""


class UsageCode(models.TextChoices):
    LIVRET = "livret", "Ouvrir le livret"
    SIGNATURE = "signature", "Signer à distance"


class CodeUnique(PublicModel):
    """Code envoyé à une personne : une fois, pour un acte, quelques minutes, quelques essais."""

    personne = models.ForeignKey("personnes.Personne", models.CASCADE, verbose_name="personne", related_name="+")
    usage = models.CharField("usage", max_length=12, choices=UsageCode)
    objet = models.UUIDField("objet ouvert ou signé", null=True)
    canal = models.CharField("canal", max_length=10)
    empreinte = models.CharField("empreinte du code", max_length=128, editable=False)
    expire_le = models.DateTimeField("expire le")
    essais = models.PositiveSmallIntegerField("essais", default=0)
    employe_le = models.DateTimeField("employé le", null=True)
    created_at = models.DateTimeField("créé le", db_default=Now())

    class Meta:
        verbose_name = "code à usage unique"
        ordering = ("-created_at", "-id")
        indexes = [models.Index(fields=["personne", "usage"], name="code_unique_personne")]

    def __str__(self) -> str:
        return f"{self.get_usage_display()} pour {self.personne_id}"


class SansMoyenError(JalonError):
    """Aucun moyen accepté de joindre la personne : un code ne peut pas partir."""


class CodeRefuseError(JalonError):
    """Le code n'ouvre pas. L'appelant la rattrape : une exception qui sort de la vue déferait le compte des essais."""


@transaction.atomic
def envoyer_code(
    personne: Personne | int, *, usage: UsageCode, objet: UUID | None = None, canal: str = ""
) -> CodeUnique:
    """Tire un code et l'envoie par le moyen préféré que la personne accepte ; le code d'avant ne vaut plus.

    `personne` peut être sa seule clé : par un lien ou dans son livret, sa fiche n'est pas lisible. `canal` choisit
    entre les moyens acceptés (`canaux_du_code`). Lève `SansMoyenError`, ou `JalonError` si trop de codes sont demandés
    à la suite.
    """
    # Ici et non en tête : la réunion de deux dossiers lit le modèle de la personne, qui lit ce module.
    from jalon.personnes.fusion import effets_complets

    cle = personne if isinstance(personne, int) else personne.pk
    # Le message part aussi d'une page où ni les coordonnées ni les envois ne sont ouverts.
    with effets_complets():
        coordonnees = Coordonnees.objects.select_related("personne").filter(personne_id=cle).first()
        if coordonnees is None or not moyens_de(coordonnees):
            raise SansMoyenError(
                "Nous n'avons ni téléphone ni courriel où envoyer un code. Demandez à être aidé à l'accueil."
            )
        possibles = moyens_de(coordonnees)
        moyen = canal if canal in possibles else possibles[0]
        code, clair = _tirer(cle, usage=usage, objet=objet, canal=moyen)
        pour = "signer" if usage == UsageCode.SIGNATURE else f"ouvrir votre {mot('passeport').singulier}"
        envoyer(
            acteur=None,
            canal=moyen,
            destinataire=coordonnees.telephone if moyen == Canal.SMS else coordonnees.courriel,
            objet="Votre code",
            texte=f"{clair} est votre code pour {pour}. Il sert une fois, pendant {_minutes()} minutes. "
            "Ne le donnez à personne, même à un professionnel.",
            personne=coordonnees.personne.public_id,
            perime_le=code.expire_le,
        )
    return code


@transaction.atomic
def montrer_code(
    personne: Personne, *, acteur: Agent, perimetre: Perimetre, usage: UsageCode, objet: UUID | None = None
) -> tuple[CodeUnique, str]:
    """Tire un code que l'agent lit à la personne, présente et reconnue : elle n'a ni téléphone ni courriel.

    L'agent voit ce code et jamais celui du papier, que la personne tient : il n'entre pas seul. Le journal le dit
    (`acces_personnel.gerer`). Lève `DroitManquantError`.
    """
    perimetre.exiger("acces_personnel.gerer")
    code, clair = _tirer(personne.pk, usage=usage, objet=objet, canal=GUICHET)
    tracer(
        "personnes.code.montre", code, acteur=acteur, organisme=perimetre.organisme_principal,
        personnes=[personne.public_id], resume=f"Code montré à l'accueil, identité vérifiée : {code.get_usage_display()}",
    )  # fmt: skip
    return code, clair


def verifier_code(personne: Personne | int, *, usage: UsageCode, code: str, objet: UUID | None = None) -> CodeUnique:
    """Emploie le dernier code de la personne pour cet usage et cet objet ; il ne sert qu'une fois.

    Lève `CodeRefuseError` (faux, expiré, déjà employé, trop d'essais), à rattraper par l'appelant : l'essai est compté
    avant d'être examiné, et une exception qui défait la requête le décompterait.
    """
    cle = personne if isinstance(personne, int) else personne.pk
    propose = "".join(signe for signe in code if signe.isdigit())
    with transaction.atomic():
        dernier = (
            CodeUnique.objects.select_for_update(of=("self",))
            .filter(personne_id=cle, usage=usage, objet=objet)
            .order_by("-created_at", "-id")
            .first()
        )
        maintenant = timezone.now()
        vaut = dernier is not None and dernier.employe_le is None and dernier.expire_le > maintenant
        if dernier is None or not vaut:
            raise CodeRefuseError("Ce code ne vaut plus. Demandez-en un autre : il arrivera aussitôt.")
        if dernier.essais >= essais_permis(maintenant):
            raise CodeRefuseError("Trop d'essais pour ce code. Demandez-en un autre.")
        dernier.essais += 1
        juste = check_password(_poivrer(propose), dernier.empreinte)
        if juste:
            dernier.employe_le = maintenant
        dernier.save(update_fields=["essais", "employe_le"])
    if not juste:
        restent = essais_permis(maintenant) - dernier.essais
        suite = "Vérifiez les six chiffres, puis essayez encore." if restent > 0 else "Demandez un autre code."
        raise CodeRefuseError(f"Ce n'est pas le bon code. {suite}")
    return dernier


def moyens_de(coordonnees: Coordonnees) -> list[str]:
    """Moyens acceptés par où un code peut partir, le préféré d'abord."""
    moyens = [
        *([str(Canal.SMS)] if coordonnees.par_sms else []),
        *([str(Canal.COURRIEL)] if coordonnees.par_courriel else []),
    ]
    return sorted(moyens, key=lambda m: m != coordonnees.prefere or coordonnees.prefere == CanalPrefere.COURRIER)


def essais_permis(moment: datetime) -> int:
    return int(nombre("acces_personnel.echecs_avant_blocage", timezone.localdate(moment)))


def _minutes() -> int:
    return int(nombre("acces_personnel.duree_code", timezone.localdate()))


def _tirer(cle: int, *, usage: UsageCode, objet: UUID | None, canal: str) -> tuple[CodeUnique, str]:
    """Un nouveau code, dont le texte clair n'existe que dans ce retour."""
    maintenant = timezone.now()
    recents = list(
        CodeUnique.objects.filter(personne_id=cle, usage=usage, created_at__gt=maintenant - timedelta(hours=1))
        .exclude(canal=GUICHET)
        .order_by("-created_at")
        .values_list("created_at", flat=True)[:ENVOIS_PAR_HEURE]
    )
    if canal != GUICHET:
        if recents and maintenant - recents[0] < ENTRE_DEUX_ENVOIS:
            raise JalonError("Un code vient de partir. Attendez une minute avant d'en demander un autre.")
        if len(recents) >= ENVOIS_PAR_HEURE:
            raise JalonError("Trop de codes demandés. Réessayez dans une heure, ou demandez de l'aide à l'accueil.")
    clair = f"{secrets.randbelow(10**CHIFFRES):0{CHIFFRES}d}"
    code = CodeUnique.objects.create(
        personne_id=cle, usage=usage, objet=objet, canal=canal, empreinte=make_password(_poivrer(clair)),
        expire_le=maintenant + timedelta(minutes=_minutes()), created_at=maintenant,
    )  # fmt: skip
    return code, clair


def _poivrer(clair: str) -> str:
    """Sans la clé de l'installation, une copie de la base ne permet d'essayer aucun des codes possibles."""
    cle: bytes = settings.CLE_MAITRE.deriver("code-unique")
    return hmac.new(cle, clair.encode(), "sha256").hexdigest()
