"""Le lien par lequel la personne écrit sa part du contrat, sans compte (R54, F048)."""

from __future__ import annotations

from collections.abc import Callable

from django.db import transaction

from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.contrats.enums import EtatContrat
from jalon.contrats.models import Contrat
from jalon.contrats.redaction import exiger_ecriture
from jalon.documents.envois import envoyer
from jalon.documents.models import Canal
from jalon.personnes.liens import LienPersonnel, UsageLien, creer_lien, revoquer_liens
from jalon.personnes.selectors import coordonnees_de
from jalon.referentiels.parametres import mot
from jalon.socle.errors import JalonError
from jalon.socle.textes import nom_propre
from jalon.traces.services import tracer


@transaction.atomic
def ouvrir_lien(
    contrat: Contrat,
    *,
    acteur: Agent,
    perimetre: Perimetre,
    adresse_du_lien: Callable[[str], str],
    canaux: tuple[str, ...] = (),
) -> tuple[LienPersonnel, str]:
    """Ouvre le lien et rend le jeton, lisible cette seule fois ; le lien d'avant ne marche plus.

    Un message part par chacun des `canaux`, que la personne doit avoir acceptés ; sans canal, il se remet imprimé. Lève
    `JalonError` (moyen refusé), `TransitionRefuseeError` (le texte ne change plus), `DroitManquantError`.
    """
    if contrat.etat == EtatContrat.A_SIGNER:
        perimetre.exiger("contrat.rediger")
    else:
        exiger_ecriture(contrat, perimetre)
    if contrat.version_id is None:
        raise JalonError("Ce contrat s'écrit ailleurs : la personne n'a rien à y écrire dans Jalon.")
    personne = contrat.personne
    connues = coordonnees_de(personne)
    permis = {str(Canal.COURRIEL): connues.par_courriel, str(Canal.SMS): connues.par_sms}
    refuses = [canal for canal in canaux if not permis.get(canal)]
    if refuses:
        raise JalonError(
            "La personne n'a pas accepté ce moyen, ou il manque son adresse : imprimez le lien, ou notez son accord "
            "dans ses coordonnées."
        )
    lien, jeton = creer_lien(personne, acteur=acteur, usage=UsageLien.CONTRAT, objet=contrat.public_id)
    adresse = adresse_du_lien(jeton)
    nom = mot(contrat.type.mot).singulier
    for canal in canaux:
        if canal == Canal.COURRIEL:
            envoyer(
                acteur=acteur, canal=canal, destinataire=connues.courriel, objet=f"Écrire votre {nom}",
                texte=(
                    f"Bonjour {nom_propre(personne.prenom)},\n\nVous pouvez écrire votre part de votre {nom}, "
                    f"avec vos mots : {adresse}\n\nVous écrivez ce que vous voulez, quand vous voulez, jusqu'au "
                    f"{lien.expire_le:%d/%m/%Y}. Rien n'est obligatoire. Votre référent le lira avec vous."
                ),
                personne=personne.public_id,
            )  # fmt: skip
        else:
            envoyer(
                acteur=acteur, canal=canal, destinataire=connues.telephone,
                texte=f"Écrire votre part de votre {nom}, avec vos mots : {adresse}", personne=personne.public_id,
            )  # fmt: skip
    tracer(
        "contrats.contrat.lien_ouvert", contrat, acteur=acteur, organisme=perimetre.organisme_principal,
        personnes=[personne.public_id],
        resume=f"Lien pour écrire le contrat : {', '.join(Canal(c).label.lower() for c in canaux) or 'remis imprimé'}",
    )  # fmt: skip
    return lien, jeton


@transaction.atomic
def fermer_lien(contrat: Contrat, *, acteur: Agent, perimetre: Perimetre) -> int:
    """Ferme les liens de ce contrat ; rend leur nombre. Lève `DroitManquantError`."""
    perimetre.exiger("contrat.rediger")
    fermes = revoquer_liens(contrat.public_id)
    if fermes:
        tracer(
            "contrats.contrat.lien_ferme", contrat, acteur=acteur, organisme=perimetre.organisme_principal,
            personnes=[contrat.personne.public_id], resume="Lien pour écrire le contrat fermé",
        )  # fmt: skip
    return fermes


def lien_du_contrat(contrat: Contrat) -> LienPersonnel | None:
    """Le dernier lien ouvert à la personne sur ce contrat, même expiré."""
    return LienPersonnel.objects.filter(objet=contrat.public_id, usage=UsageLien.CONTRAT).order_by("-pk").first()
