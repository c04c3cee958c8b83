import uuid

import django.contrib.postgres.fields
import django.contrib.postgres.functions
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("rendezvous", "0001_reunions"),
    ]

    operations = [
        migrations.CreateModel(
            name="Invitation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "public_id",
                    models.UUIDField(
                        db_default=django.contrib.postgres.functions.RandomUUID(),
                        default=uuid.uuid4,
                        editable=False,
                        unique=True,
                        verbose_name="identifiant public",
                    ),
                ),
                (
                    "motif",
                    models.CharField(
                        choices=[
                            ("nouvel_entrant", "Nouvel entrant"),
                            ("ancien_5_ans", "Ancienneté dans le dispositif"),
                            ("relance", "Nouvelle invitation"),
                            ("libre", "À la demande"),
                        ],
                        max_length=20,
                        verbose_name="motif",
                    ),
                ),
                ("echeance", models.DateField(null=True, verbose_name="à inviter avant le")),
                (
                    "etat",
                    models.CharField(
                        choices=[
                            ("invitee", "Invitée"),
                            ("convoquee", "Convoquée"),
                            ("presente", "Présente"),
                            ("excusee", "Excusée"),
                            ("absente", "Absente"),
                            ("annulee", "Annulée"),
                        ],
                        default="invitee",
                        max_length=12,
                        verbose_name="état",
                    ),
                ),
                ("invitee_le", models.DateField(verbose_name="invitée le")),
                (
                    "canaux",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=12),
                        default=list,
                        size=None,
                        verbose_name="canaux de la convocation",
                    ),
                ),
                ("convoquee_le", models.DateTimeField(null=True, verbose_name="convoquée le")),
                ("presence_notee_le", models.DateTimeField(null=True, verbose_name="présence notée le")),
                ("arrivee_sans_invitation", models.BooleanField(default=False, verbose_name="venue sans invitation")),
                ("entretien_le", models.DateTimeField(null=True, verbose_name="entretien individuel tenu le")),
                ("close_le", models.DateField(null=True, verbose_name="close le")),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name="créée le"),
                ),
                (
                    "entretien_par",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.RESTRICT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="entretien tenu par",
                    ),
                ),
                (
                    "invitee_par",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.RESTRICT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="invitée par",
                    ),
                ),
                (
                    "lettre",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="documents.document",
                        verbose_name="lettre de convocation",
                    ),
                ),
                (
                    "personne",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="invitations",
                        to="personnes.personne",
                        verbose_name="personne",
                    ),
                ),
                (
                    "presence_notee_par",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.RESTRICT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="présence notée par",
                    ),
                ),
                (
                    "reunion",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="invitations",
                        to="rendezvous.reunion",
                        verbose_name="réunion",
                    ),
                ),
            ],
            options={
                "verbose_name": "invitation",
                "ordering": ("reunion_id", "id"),
                "indexes": [
                    models.Index(fields=["reunion", "etat"], name="invitation_reunion_etat"),
                    models.Index(fields=["personne", "etat"], name="invitation_personne_etat"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("etat", "annulee"), _negated=True),
                        fields=("reunion", "personne"),
                        name="invitation_une_par_reunion",
                        violation_error_message="Cette personne est déjà sur la feuille de cette réunion.",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("etat__in", ["invitee", "convoquee"])),
                        fields=("personne",),
                        name="invitation_une_seule_en_cours",
                        violation_error_message="Cette personne a déjà une invitation en cours.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("etat", "convoquee"), _negated=True),
                            ("convoquee_le__isnull", False),
                            _connector="OR",
                        ),
                        name="invitation_convoquee_datee",
                        violation_error_message="Une convocation a une date d'envoi.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("etat__in", ["presente", "absente"]), _negated=True),
                            ("presence_notee_le__isnull", False),
                            _connector="OR",
                        ),
                        name="invitation_presence_datee",
                        violation_error_message="Une présence ou une absence a une date.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="JustificatifAbsence",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "public_id",
                    models.UUIDField(
                        db_default=django.contrib.postgres.functions.RandomUUID(),
                        default=uuid.uuid4,
                        editable=False,
                        unique=True,
                        verbose_name="identifiant public",
                    ),
                ),
                ("precision", models.CharField(blank=True, max_length=500, verbose_name="précision")),
                (
                    "origine",
                    models.CharField(
                        choices=[("personne", "La personne, en ligne"), ("agent", "Un agent, d'après le papier")],
                        max_length=12,
                        verbose_name="déclarée par",
                    ),
                ),
                (
                    "etat",
                    models.CharField(
                        choices=[
                            ("declaree", "Absence déclarée"),
                            ("preuve_recue", "Preuve reçue"),
                            ("acceptee", "Absence acceptée"),
                            ("refusee", "Absence refusée"),
                        ],
                        default="declaree",
                        max_length=12,
                        verbose_name="état",
                    ),
                ),
                ("motif_refus", models.CharField(blank=True, max_length=300, verbose_name="motif du refus")),
                ("decide_le", models.DateTimeField(null=True, verbose_name="décidé le")),
                ("declaree_le", models.DateTimeField(auto_now_add=True, verbose_name="déclarée le")),
                (
                    "decide_par",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.RESTRICT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="décidé par",
                    ),
                ),
                (
                    "invitation",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="justificatif",
                        to="rendezvous.invitation",
                        verbose_name="invitation",
                    ),
                ),
                (
                    "personne",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="justificatifs",
                        to="personnes.personne",
                        verbose_name="personne",
                    ),
                ),
                (
                    "motif",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="rendezvous.motifabsence",
                        verbose_name="motif",
                    ),
                ),
            ],
            options={
                "verbose_name": "justificatif d'absence",
                "ordering": ("-declaree_le", "-id"),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("etat", "refusee"), _negated=True),
                            models.Q(("motif_refus", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="justificatif_refus_motive",
                        violation_error_message="Un refus dit pourquoi.",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="PreuveAbsence",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "public_id",
                    models.UUIDField(
                        db_default=django.contrib.postgres.functions.RandomUUID(),
                        default=uuid.uuid4,
                        editable=False,
                        unique=True,
                        verbose_name="identifiant public",
                    ),
                ),
                ("contenu", models.BinaryField(verbose_name="contenu")),
                ("type", models.CharField(max_length=40, verbose_name="type")),
                ("taille", models.PositiveIntegerField(verbose_name="taille en octets")),
                ("empreinte", models.CharField(max_length=64, verbose_name="empreinte")),
                (
                    "origine",
                    models.CharField(
                        choices=[("personne", "La personne, en ligne"), ("agent", "Un agent, d'après le papier")],
                        max_length=12,
                        verbose_name="donnée par",
                    ),
                ),
                ("recue_le", models.DateTimeField(auto_now_add=True, verbose_name="reçue le")),
                (
                    "justificatif",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="preuves",
                        to="rendezvous.justificatifabsence",
                        verbose_name="justificatif",
                    ),
                ),
            ],
            options={
                "verbose_name": "preuve d'absence",
                "ordering": ("recue_le", "id"),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("justificatif", "empreinte"),
                        name="preuve_absence_donnee_une_fois",
                        violation_error_message="Ce fichier a déjà été reçu.",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="QuestionnairePreparatoire",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "public_id",
                    models.UUIDField(
                        db_default=django.contrib.postgres.functions.RandomUUID(),
                        default=uuid.uuid4,
                        editable=False,
                        unique=True,
                        verbose_name="identifiant public",
                    ),
                ),
                (
                    "etat",
                    models.CharField(
                        choices=[("commence", "Commencé"), ("rendu", "Rendu")],
                        default="commence",
                        max_length=12,
                        verbose_name="état",
                    ),
                ),
                (
                    "origine",
                    models.CharField(
                        choices=[("personne", "La personne, en ligne"), ("agent", "Un agent, d'après le papier")],
                        max_length=12,
                        verbose_name="rempli par",
                    ),
                ),
                ("commence_le", models.DateTimeField(auto_now_add=True, verbose_name="commencé le")),
                ("modifie_le", models.DateTimeField(auto_now=True, verbose_name="modifié le")),
                ("rendu_le", models.DateTimeField(null=True, verbose_name="rendu le")),
                (
                    "invitation",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="questionnaire",
                        to="rendezvous.invitation",
                        verbose_name="invitation",
                    ),
                ),
                (
                    "personne",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="questionnaires",
                        to="personnes.personne",
                        verbose_name="personne",
                    ),
                ),
                (
                    "saisi_par",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.RESTRICT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="saisi par",
                    ),
                ),
            ],
            options={
                "verbose_name": "questionnaire préparatoire",
                "ordering": ("-modifie_le", "-id"),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("etat", "rendu"), _negated=True), ("rendu_le__isnull", False), _connector="OR"
                        ),
                        name="questionnaire_rendu_date",
                        violation_error_message="Un questionnaire rendu a une date.",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ReponseQuestion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("intitule", models.CharField(max_length=300, verbose_name="question posée")),
                ("texte", models.TextField(blank=True, verbose_name="texte")),
                (
                    "choix",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=40),
                        default=list,
                        size=None,
                        verbose_name="réponses choisies",
                    ),
                ),
                (
                    "question",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="rendezvous.questionpreparatoire",
                        verbose_name="question",
                    ),
                ),
                (
                    "questionnaire",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="reponses",
                        to="rendezvous.questionnairepreparatoire",
                        verbose_name="questionnaire",
                    ),
                ),
            ],
            options={
                "verbose_name": "réponse au questionnaire",
                "ordering": ("questionnaire_id", "question__ordre", "id"),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("questionnaire", "question"),
                        name="questionnaire_une_reponse_par_question",
                        violation_error_message="Cette question a déjà sa réponse.",
                    )
                ],
            },
        ),
    ]
